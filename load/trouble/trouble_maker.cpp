#include "load/trouble/trouble_maker.h"

#include <httplib.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>
#include <string_view>

#include "load/trouble/command.h"
#include "load/trouble/containers.h"

namespace holdfast::load {
namespace {

using Action = TroubleEvent::Action;
using Kind = TroubleEvent::Kind;

/// How long a process that is restarted may take to end by itself.
constexpr int kEndPatienceMs = 5000;

constexpr std::array<std::string_view, 6> kActionNames = {"kill",      "stop",    "continue",
                                                          "terminate", "restart", "drain"};
static_assert(static_cast<std::size_t>(Action::kDrain) + 1 == kActionNames.size());

std::string_view Name(Action action) {
    return kActionNames[static_cast<std::size_t>(action)];
}

void Drain(const std::string& url) {
    if (url.empty()) throw TroubleError("no ops port is known: give --ops URL");
    httplib::Client client(url);
    if (!client.is_valid()) throw TroubleError(url + ": is no http://HOST:PORT");
    client.set_connection_timeout(std::chrono::seconds(2));
    client.set_read_timeout(std::chrono::seconds(5));
    const auto answer = client.Post("/v1/drain");
    if (!answer) {
        throw TroubleError(url + "/v1/drain: no answer (" + to_string(answer.error()) + ")");
    }
    if (answer->status / 100 != 2) {
        throw TroubleError(url + "/v1/drain: answers " + std::to_string(answer->status));
    }
}

}  // namespace

std::string LabelOf(const TroubleEvent& event) {
    if (!event.label.empty()) return event.label;
    std::string subject = event.subject.empty() ? "gateway" : event.subject;
    if (event.kind == Kind::kPidFile) {
        subject = std::filesystem::path(subject).filename().string();
    }
    return std::string(Name(event.action)) + " " + subject;
}

TroubleMaker::TroubleMaker(const std::vector<TroubleEvent>& events, std::string ops_url)
    : ops_url_(std::move(ops_url)) {
    std::vector<TroubleEvent> in_order = events;
    std::stable_sort(in_order.begin(), in_order.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    std::set<std::string> looked_at;
    for (const TroubleEvent& event : in_order) {
        if (event.kind == Kind::kOpsPort && event.subject.empty() && ops_url_.empty()) {
            throw TroubleError("trouble: " + LabelOf(event) + ": give the ops port by --ops URL");
        }
        if (event.kind != Kind::kPidFile || !looked_at.insert(event.subject).second) continue;
        if (event.action != Action::kRestart) Subject(event.subject);
    }
    if (std::any_of(in_order.begin(), in_order.end(),
                    [](const auto& event) { return event.action == Action::kStop; })) {
        guard_.emplace();
    }
}

void TroubleMaker::Make(const TroubleEvent& event) {
    switch (event.kind) {
        case Kind::kPidFile:
            return MakeToProcess(event);
        case Kind::kContainer:
            return MakeToContainers(event);
        case Kind::kOpsPort:
            return Drain(event.subject.empty() ? ops_url_ : event.subject);
    }
}

void TroubleMaker::MakeToProcess(const TroubleEvent& event) {
    switch (event.action) {
        case Action::kKill:
            return Kill(event.subject, Subject(event.subject));
        case Action::kStop:
            return Stop(event.subject, Subject(event.subject));
        case Action::kContinue:
            return Continue(Subject(event.subject));
        case Action::kTerminate:
            return SignalProcess(Subject(event.subject), SIGTERM);
        case Action::kRestart:
            return Restart(event);
        case Action::kDrain:
            throw TroubleError("a process is not drained: terminate it");
    }
}

void TroubleMaker::MakeToContainers(const TroubleEvent& event) {
    for (const std::string& id : FindContainers(event.subject, event.action == Action::kRestart)) {
        switch (event.action) {
            case Action::kKill:
                TellContainer({"kill"}, id);
                break;
            // Not SIGSTOP, which would reach the container's first process only.
            case Action::kStop:
                if (guard_) guard_->WillPause(id);
                paused_.push_back(id);
                TellContainer({"pause"}, id);
                break;
            case Action::kContinue:
                TellContainer({"unpause"}, id);
                std::erase(paused_, id);
                if (guard_) guard_->HasUnpaused(id);
                break;
            case Action::kTerminate:
                TellContainer({"kill", "--signal=TERM"}, id);
                break;
            case Action::kRestart:
                TellContainer({"restart"}, id);
                break;
            case Action::kDrain:
                throw TroubleError("a container is not drained: terminate it");
        }
    }
}

void TroubleMaker::Restart(const TroubleEvent& event) {
    try {
        const ProcessRef old = Subject(event.subject);
        SignalProcess(old, SIGTERM);
        Continue(old);  // one that is stopped cannot see the SIGTERM
        if (!WaitForEnd(old, kEndPatienceMs)) Kill(event.subject, old);
    } catch (const ProcessGone&) {
        // Dead already is what restarts are for; or it ended between two of these lines.
    }
    StartDetached(event.command, event.subject);
    seen_.erase(event.subject);
}

/// Returns once it has ended, so that the next event finds it so.
void TroubleMaker::Kill(const std::string& file, const ProcessRef& process) {
    SignalProcess(process, SIGKILL);
    if (!WaitForEnd(process, kEndPatienceMs)) {
        throw TroubleError(file + ": process " + std::to_string(process.pid) +
                           " does not end, even by SIGKILL");
    }
}

void TroubleMaker::Stop(const std::string& file, const ProcessRef& process) {
    if (guard_) guard_->WillStop(process);
    stopped_.emplace_back(file, process);
    SignalProcess(process, SIGSTOP);
}

void TroubleMaker::Continue(const ProcessRef& process) {
    SignalProcess(process, SIGCONT);
    std::erase_if(stopped_, [&](const auto& one) { return one.second == process; });
    if (guard_) guard_->HasContinued(process);
}

ProcessRef TroubleMaker::Subject(const std::string& file) {
    const ProcessRef now = ReadPidFile(file);
    const auto [seen, fresh] = seen_.emplace(file, now);
    if (!fresh && seen->second.pid == now.pid && seen->second != now) {
        throw TroubleError(file + ": process " + std::to_string(now.pid) +
                           " is another one than at the start of the run");
    }
    seen->second = now;
    return now;
}

std::vector<std::string> TroubleMaker::ContinueAll() {
    std::vector<std::string> said;
    for (const auto& [file, process] : std::vector(stopped_)) {
        const std::string name = std::filesystem::path(file).filename().string() + " (process " +
                                 std::to_string(process.pid) + ")";
        // One that has ended meanwhile, by a kill for example, needs nothing.
        if (FindProcess(process.pid) != process) continue;
        try {
            Continue(process);
            said.push_back("continued " + name + ", which was still stopped");
        } catch (const TroubleError& error) {
            said.push_back("could not continue " + name + ": " + error.what());
        }
    }
    for (const std::string& id : std::vector(paused_)) {
        try {
            const bool paused = IsPaused(id);
            if (paused) TellContainer({"unpause"}, id);
            std::erase(paused_, id);
            if (guard_) guard_->HasUnpaused(id);
            if (paused) said.push_back("continued container " + id + ", which was still paused");
        } catch (const TroubleError& error) {
            said.push_back("could not continue container " + id + ": " + error.what());
        }
    }
    return said;
}

}  // namespace holdfast::load
