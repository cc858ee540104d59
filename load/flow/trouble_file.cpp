#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "load/flow/load_file.h"

namespace holdfast::load {
namespace {

using Action = TroubleEvent::Action;
using Kind = TroubleEvent::Kind;

constexpr std::array<std::pair<std::string_view, Action>, 6> kActions{
    {{"kill", Action::kKill},
     {"stop", Action::kStop},
     {"continue", Action::kContinue},
     {"terminate", Action::kTerminate},
     {"restart", Action::kRestart},
     {"drain", Action::kDrain}}};
constexpr std::string_view kActionNames = "kill, stop, continue, terminate, restart or drain";

void ParseDrain(const Yaml& node, TroubleEvent& event) {
    const YamlMap map(node, "{ops: URL}, or {} for the port of --ops", {"ops"});
    event.kind = Kind::kOpsPort;
    const auto ops = map.Find("ops");
    if (!ops) return;
    event.subject = ops->Text();
    if (!event.subject.starts_with("http://")) ops->Refuse("a URL such as http://127.0.0.1:8081");
}

void ParseSubject(const Yaml& node, const std::string& flow_file, TroubleEvent& event) {
    const YamlMap map(node, "{pid_file: PATH} or {container: LABEL=VALUE}",
                      {"pid_file", "container", "command"});
    const auto subjects = map.FindAny({"pid_file", "container"});
    if (subjects.size() != 1) {
        node.Fail(Quoted(node.name()) +
                  " takes one subject: {pid_file: PATH} or {container: LABEL=VALUE}");
    }
    event.subject = subjects[0].Text();
    if (event.subject.empty()) subjects[0].Refuse("not empty");
    const auto command = map.Find("command");
    if (subjects[0].name() == "container") {
        event.kind = Kind::kContainer;
        const std::size_t equals = event.subject.find('=');
        if (equals == 0 || equals == std::string::npos) subjects[0].Refuse("a label as KEY=VALUE");
        if (command) command->Fail("a container is restarted as it was made; remove 'command'");
        return;
    }
    event.subject = Beside(flow_file, event.subject);
    const bool restarts = event.action == Action::kRestart;
    if (command && !restarts) command->Fail("'command' belongs to 'restart'; remove it");
    if (restarts)
        event.command = map.Require("command", "what to start instead, by /bin/sh").Text();
}

TroubleEvent ParseEvent(const Yaml& item, const std::string& flow_file) {
    const YamlMap map(item, "a map with 'at' and one of " + std::string(kActionNames),
                      {"at", "label", "kill", "stop", "continue", "terminate", "restart", "drain"});
    TroubleEvent event;
    event.at = map.Require("at", "the time since the run's start, such as 10s").Time();
    if (const auto label = map.Find("label")) event.label = label->Text();
    const auto actions = map.FindAny({"kill", "stop", "continue", "terminate", "restart", "drain"});
    if (actions.size() != 1) {
        item.Fail("an event does one thing: " + std::string(kActionNames));
    }
    event.action = std::ranges::find(kActions, std::string_view(actions[0].name()),
                                     &std::pair<std::string_view, Action>::first)
                       ->second;
    if (event.action == Action::kDrain) {
        ParseDrain(actions[0], event);
    } else {
        ParseSubject(actions[0], flow_file, event);
    }
    return event;
}

}  // namespace

std::vector<TroubleEvent> ParseTrouble(const Yaml& node, const std::string& flow_file) {
    std::vector<TroubleEvent> events;
    for (const Yaml& item : node.List("a list of events, each with a time and what is done")) {
        events.push_back(ParseEvent(item, flow_file));
    }
    std::ranges::stable_sort(events, {}, &TroubleEvent::at);
    return events;
}

}  // namespace holdfast::load
