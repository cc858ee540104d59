#include "gateway/bus/worker_line.h"

#include <string_view>

namespace holdfast::gateway {
namespace {

std::string_view WhatHappened(WorkerEvent::Kind kind) {
    switch (kind) {
        case WorkerEvent::Kind::kWelcomed:
            return "welcomed";
        case WorkerEvent::Kind::kRefused:
            return "refused";
        case WorkerEvent::Kind::kDraining:
            return "is draining";
        case WorkerEvent::Kind::kLost:
            return "lost";
        case WorkerEvent::Kind::kDrained:
            return "drained";
    }
    return {};
}

std::string NamesOf(const HelloItem& hello) {
    std::string names;
    for (const HelloItem::Service& service : hello.services) {
        if (!names.empty()) names += ',';
        names += service.name;
    }
    return names;
}

}  // namespace

std::string LineFor(const WorkerEvent& event, const HelloItem& hello) {
    std::string line = "worker ";
    line += WhatHappened(event.kind);
    line += ": instance ";
    line += event.instance;
    if (event.session != 0) line += ", session " + std::to_string(event.session);
    if (event.kind == WorkerEvent::Kind::kWelcomed) {
        line += ", services " + NamesOf(hello) + ", pid " + std::to_string(hello.pid) + ", host " +
                hello.host;
    }
    if (!event.reason.empty()) {
        line += ", ";
        line += event.reason;
    }
    if (event.outstanding != 0) {
        line += ", with " + std::to_string(event.outstanding) + " requests";
    }
    return line;
}

}  // namespace holdfast::gateway
