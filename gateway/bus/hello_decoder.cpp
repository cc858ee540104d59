#include "gateway/bus/hello_decoder.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/bus/codec.h"
#include "gateway/bus/printable.h"
#include "gateway/bus/wire_format.h"
#include "gateway/core/dispatcher.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

using wire_format::Reader;
using wire_format::Tag;

constexpr auto kVarint = wire_format::Type::kVarint;
constexpr auto kBytes = wire_format::Type::kBytes;

bool IsVisibleAscii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool IsInstance(std::string_view text) {
    return !text.empty() && text.size() <= CodecLimits::kInstanceBytes && IsVisibleAscii(text);
}

/// A token (RFC 9110, 5.6.2).
bool IsServiceName(std::string_view text) {
    static constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
    const auto is_token = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               kSymbols.find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= CodecLimits::kServiceNameBytes &&
           std::ranges::all_of(text, is_token);
}

std::string Description(std::string_view text) {
    return Printable(text, CodecLimits::kDescriptionBytes);
}

bool DecodeService(std::string_view bytes, HelloItem::Service& service) {
    using wire::Service;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Service::kNameFieldNumber, kBytes):
                if (!IsServiceName(field.bytes)) return false;
                service.name = field.bytes;
                break;
            case Tag(Service::kPluginFieldNumber, kBytes):
                service.plugin = Description(field.bytes);
                break;
            case Tag(Service::kPluginVersionFieldNumber, kBytes):
                service.plugin_version = Description(field.bytes);
                break;
            default:
                break;
        }
    }
    return reader.ok() && !service.name.empty();
}

bool DecodeProcess(std::string_view bytes, WorkerProcess& process) {
    using wire::Process;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Process::kIndexFieldNumber, kVarint):
                process.index = static_cast<std::uint32_t>(field.value);
                break;
            case Tag(Process::kGenerationFieldNumber, kVarint):
                process.generation = static_cast<std::uint32_t>(field.value);
                break;
            case Tag(Process::kRestartsFieldNumber, kVarint):
                process.restarts = static_cast<std::uint32_t>(field.value);
                break;
            case Tag(Process::kLastCrashFieldNumber, kBytes):
                process.last_crash = Description(field.bytes);
                break;
            case Tag(Process::kLastCrashAgeMsFieldNumber, kVarint):
                // Narrowed, so that no worker's figure overflows a duration.
                process.last_crash_age =
                    std::chrono::milliseconds(static_cast<std::uint32_t>(field.value));
                break;
            default:
                break;
        }
    }
    return reader.ok();
}

/// What a Hello of another protocol means is not known here: only its name is taken, to refuse it
/// by.
bool DecodeForeignHello(std::string_view bytes, HelloItem& hello) {
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(wire::Hello::kInstanceFieldNumber, kBytes)) {
            hello.instance = Description(field.bytes);
        }
    }
    return reader.ok();
}

std::uint32_t ProtocolOf(std::string_view hello) {
    std::uint32_t protocol = 0;
    Reader reader(hello);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(wire::Hello::kProtocolFieldNumber, kVarint)) {
            protocol = static_cast<std::uint32_t>(field.value);
        }
    }
    return protocol;
}

}  // namespace

bool DecodeHello(std::string_view bytes, HelloItem& hello) {
    using wire::Hello;
    hello.protocol = ProtocolOf(bytes);
    if (hello.protocol != kProtocolVersion) return DecodeForeignHello(bytes, hello);
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        switch (field.tag) {
            case Tag(Hello::kInstanceFieldNumber, kBytes):
                if (!IsInstance(field.bytes)) return false;
                hello.instance = field.bytes;
                break;
            case Tag(Hello::kVersionFieldNumber, kBytes):
                hello.version = Description(field.bytes);
                break;
            case Tag(Hello::kServicesFieldNumber, kBytes):
                if (hello.services.size() == CodecLimits::kServices) return false;
                if (!DecodeService(field.bytes, hello.services.emplace_back())) return false;
                break;
            case Tag(Hello::kThreadsFieldNumber, kVarint):
                hello.threads = static_cast<std::uint32_t>(field.value);
                break;
            case Tag(Hello::kPidFieldNumber, kVarint):
                hello.pid = field.value;
                break;
            case Tag(Hello::kHostFieldNumber, kBytes):
                hello.host = Description(field.bytes);
                break;
            case Tag(Hello::kProcessFieldNumber, kBytes):
                if (!DecodeProcess(field.bytes, hello.process.emplace())) return false;
                break;
            default:
                break;
        }
    }
    return reader.ok() && !hello.instance.empty() && !hello.services.empty();
}

}  // namespace holdfast::gateway
