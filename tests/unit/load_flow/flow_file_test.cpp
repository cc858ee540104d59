#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "load/flow/flow.h"
#include "tests/unit/load_flow/walk.h"

namespace holdfast::load {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct Bad {
    std::string_view yaml;
    std::string_view message;
};

std::ostream& operator<<(std::ostream& stream, const Bad& bad) {
    return stream << bad.yaml;
}

class BadFlow : public testing::TestWithParam<Bad> {};

TEST_P(BadFlow, IsRefusedInOneLineThatSaysWhereAndWhatWouldBeRight) {
    EXPECT_EQ(Refusal(GetParam().yaml), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    TheFile, BadFlow,
    testing::Values(
        Bad{"", "f.yaml:1:1: the file must be a map with 'steps' or 'scenarios'"},
        Bad{"hello", "f.yaml:1:1: the file must be a map with 'steps' or 'scenarios', not 'hello'"},
        Bad{"steps: [", "f.yaml:1:1: this is not valid YAML: end of sequence flow not found"},
        Bad{"steps: [{request: GET /}]\n---\nname: x",
            "f.yaml:2:1: a second document begins here; a flow is one document"},
        Bad{"name: x\nstep: []", "f.yaml:2:1: unknown key 'step'; did you mean 'steps'?"},
        Bad{"name: x\nlaod: {}", "f.yaml:2:1: unknown key 'laod'; did you mean 'load'?"},
        Bad{"name: x\ncolour: red",
            "f.yaml:2:1: unknown key 'colour'; known are name, description, load, variables, "
            "feeders, steps, scenarios, thresholds, trouble"},
        Bad{"name: x\nname: y",
            "f.yaml:2:1: 'name' is given twice; the first is at line 1: keep one of them"},
        Bad{"name:\nsteps: []",
            "f.yaml:1:1: 'name' has no value; give it one, or leave the key out"},
        Bad{"name: [a]\nsteps: []", "f.yaml:1:7: 'name' must be a text, not a list"},
        Bad{"name: x", "f.yaml:1:1: the flow has neither 'steps' nor 'scenarios': what is sent?"},
        Bad{"steps: []", "f.yaml:1:8: there is no step that sends a request"},
        Bad{"steps: []\nscenarios: []",
            "f.yaml:1:8: a flow has 'steps' or 'scenarios', not both; 'steps' is one scenario"},
        Bad{"scenarios: []",
            "f.yaml:1:12: 'scenarios' must be a list of at least one scenario, not a list"},
        Bad{"scenarios: [{weight: -1, steps: []}]",
            "f.yaml:1:22: 'weight' must be a number above 0, not '-1'"},
        Bad{"scenarios: [{name: a}]",
            "f.yaml:1:13: 'scenarios[0]' has no 'steps': what a journey through this scenario "
            "does"}));

INSTANTIATE_TEST_SUITE_P(
    Steps, BadFlow,
    testing::Values(
        Bad{"steps: [{name: a}]",
            "f.yaml:1:9: 'steps[0]' has no 'request': each step sends one, such as POST "
            "/v1/orders"},
        Bad{"steps: [{request: /v1}]",
            "f.yaml:1:19: 'request' must be a method and a path, such as POST /v1/orders, not "
            "'/v1'"},
        Bad{"steps: [{request: post /v1}]",
            "f.yaml:1:19: 'request' must be a method and a path, such as POST /v1/orders, not "
            "'post "
            "/v1'"},
        Bad{"steps: [{request: GET v1}]",
            "f.yaml:1:19: 'request' must be a method and a path that begins with '/', such as POST "
            "/v1/orders, not 'GET v1'"},
        Bad{"steps: [{request: GET /a b}]",
            "f.yaml:1:19: a path has no spaces and no '#'; write %20 and %23 for them"},
        Bad{"steps: [{request: GET /, hedaers: {}}]",
            "f.yaml:1:26: unknown key 'hedaers' in 'steps[0]'; did you mean 'headers'?"},
        Bad{"steps: [{request: GET /, headers: {A B: c}}]",
            "f.yaml:1:36: 'A B' is no header's name"},
        Bad{"steps: [{request: GET /, headers: {Content-Length: 3}}]",
            "f.yaml:1:36: the header 'Content-Length' is made by the generator itself; remove it "
            "here"},
        Bad{"steps: [{request: GET /, headers: {A: \"b\\nc\"}}]",
            "f.yaml:1:39: 'A' must be one line without control characters, not 'b?c'"},
        Bad{"steps: [{request: GET /, body: a, json: b}]",
            "f.yaml:1:41: a step has 'body' or 'json', not both"},
        Bad{"steps: [{request: GET /, body: {a: b}}]",
            "f.yaml:1:32: 'body' must be a text; for a structure write 'json:', not a map"},
        Bad{"steps: [{request: GET /, timeout: 5}]",
            "f.yaml:1:35: 'timeout' must be a duration such as 250ms, 1.5s or 2m, not '5'"},
        Bad{"steps: [{request: GET /, timeout: 0s}]",
            "f.yaml:1:35: 'timeout' must be a duration above zero, not '0s'"},
        Bad{"steps: [{request: GET /, think_time: {from: 2s, to: 1s}}]",
            "f.yaml:1:53: 'to' must be not shorter than 'from', not '1s'"},
        Bad{"steps: [{request: GET /, repeat: 0}]",
            "f.yaml:1:34: 'repeat' must be a whole number from 1 to 1000000, not '0'"},
        Bad{"steps: [{request: GET /, on_error: ignore}]",
            "f.yaml:1:36: 'on_error' must be stop or continue, not 'ignore'"},
        Bad{"steps: [{request: GET /, send_rate: slow}]",
            "f.yaml:1:37: 'send_rate' must be bytes per second, such as 100/s or 4KiB/s, not "
            "'slow'"},
        Bad{"steps: [{request: GET /, mark: customer}]",
            "f.yaml:1:32: 'mark' must be a JSON pointer such as /orderId, or 'header NAME', not "
            "'customer'"},
        Bad{"steps: [{request: GET /, mark: {at: /c, of: create}}]",
            "f.yaml:1:45: 'of' must be the name of an earlier step, not 'create'"},
        Bad{"steps: [{request: GET /, unique: /a~2}]",
            "f.yaml:1:34: 'unique' must be a JSON pointer such as /orderId, or 'header NAME', not "
            "'/a~2'"},
        Bad{"steps: [{request: GET /, order_totals: yes}]",
            "f.yaml:1:40: 'order_totals' must be true or false, not 'yes'"},
        Bad{"steps: [{request: GET /, extract: {uuid: /a}}]",
            "f.yaml:1:36: 'uuid' cannot be a variable's name; choose one of letters, digits and "
            "'_' "
            "that nothing else has"},
        Bad{"steps: [{name: a, request: GET /}, {name: a, request: GET /}]",
            "f.yaml:1:43: two steps are called 'a'; give each a name of its own"},
        Bad{"steps: [{branch: []}]",
            "f.yaml:1:18: 'branch' must be a list of at least one alternative, not a list"},
        Bad{"steps: [{branch: [], request: GET /}]",
            "f.yaml:1:22: unknown key 'request' in 'steps[0]'; known are branch"},
        Bad{"steps: [{pause: soon}]",
            "f.yaml:1:17: 'pause' must be a duration such as 250ms, 1.5s or 2m, not 'soon'"}));

INSTANTIATE_TEST_SUITE_P(
    Expectations, BadFlow,
    testing::Values(
        Bad{"steps: [{request: GET /, expect: {status: ok}}]",
            "f.yaml:1:43: 'status' must be a status such as 201, 2xx or 200-299, or a list of "
            "them, "
            "not 'ok'"},
        Bad{"steps: [{request: GET /, expect: {status: [200, 700]}}]",
            "f.yaml:1:49: 'status[1]' must be a status such as 201, 2xx or 200-299, or a list of "
            "them, not '700'"},
        Bad{"steps: [{request: GET /, expect: {statsu: 200}}]",
            "f.yaml:1:35: unknown key 'statsu' in 'expect'; did you mean 'status'?"},
        Bad{"steps: [{request: GET /, expect: {json: {id: 1}}}]",
            "f.yaml:1:42: 'a key of json' must be a JSON pointer such as /orderId, or 'header "
            "NAME', "
            "not 'id'"},
        Bad{"steps: [{request: GET /, expect: {json: {/id: {equal: 1}}}}]",
            "f.yaml:1:48: unknown key 'equal' in '/id'; did you mean 'equals'?"},
        Bad{"steps: [{request: GET /, expect: {json: {/id: {type: strnig}}}}]",
            "f.yaml:1:54: unknown type 'strnig'; did you mean 'string'?"},
        Bad{"steps: [{request: GET /, expect: {json: {/id: {at_least: many}}}}]",
            "f.yaml:1:58: 'at_least' must be a number, not 'many'"},
        Bad{"steps: [{request: GET /, expect: {json: {/id: {exists: maybe}}}}]",
            "f.yaml:1:56: 'exists' must be true or false, not 'maybe'"}));

INSTANTIATE_TEST_SUITE_P(
    Templates, BadFlow,
    testing::Values(
        Bad{"steps:\n  - request: GET /\n    body: ${makr}",
            "f.yaml:3:11: unknown name in '${makr}'; did you mean 'mark'?"},
        Bad{"steps: [{request: GET /, body: '${orderId}'}]",
            "f.yaml:1:32: unknown name in '${orderId}'; known are mark, uuid, uuid7, counter, now, "
            "timestamp, run, journey, random, choice, number"},
        Bad{"variables: {a: x}\nfeeders: {items: {file: i.csv}}\nsteps: [{request: GET /, body: "
            "'${item.sku}'}]",
            "f.yaml:3:32: unknown name in '${item.sku}'; known are mark, uuid, uuid7, counter, "
            "now, "
            "timestamp, run, journey, random, choice, number, a, items.COLUMN"},
        Bad{"steps: [{request: GET /, body: '${mark'}]",
            "f.yaml:1:32: '${' without a '}'; write $${ where ${ itself is meant"},
        Bad{"steps: [{request: GET /, body: '${random 9 1}'}]",
            "f.yaml:1:32: '${random}' takes two whole numbers, the lower first: ${random 1 100}"},
        Bad{"steps: [{request: GET /, body: '${choice}'}]",
            "f.yaml:1:32: '${choice}' takes the words to choose from: ${choice a b}"},
        Bad{"steps: [{request: GET /, body: '${number counter}'}]",
            "f.yaml:1:32: '${number NAME}' writes the value of a feeder's column or of a variable "
            "as "
            "a number, in a JSON body"},
        Bad{"steps: [{request: GET /, json: 'a ${number counter}'}]",
            "f.yaml:1:32: '${number NAME}' stands alone, or in a body that is written as text"},
        Bad{"steps: [{request: 'GET /${id}'}, {request: GET /, extract: {id: /id}}]",
            "f.yaml:1:19: unknown name in '${id}'; known are mark, uuid, uuid7, counter, now, "
            "timestamp, run, journey, random, choice, number"},
        Bad{"scenarios: [{steps: [{request: GET /, extract: {id: /id}}]}, {steps: [{request: 'GET "
            "/${id}'}]}]",
            "f.yaml:1:81: unknown name in '${id}'; known are mark, uuid, uuid7, counter, now, "
            "timestamp, run, journey, random, choice, number"},
        Bad{"variables: {mark: x}\nsteps: [{request: GET /}]",
            "f.yaml:1:13: 'mark' cannot be a variable's name; choose one of letters, digits and "
            "'_' "
            "that nothing else has"},
        Bad{"variables: {a: '${mark}'}\nsteps: [{request: GET /}]",
            "f.yaml:1:16: '${mark}' is a request's; use it in a step"}));

INSTANTIATE_TEST_SUITE_P(
    LoadAndThresholds, BadFlow,
    testing::Values(
        Bad{"load: {rate: fast, duration: 1s}\nsteps: [{request: GET /}]",
            "f.yaml:1:14: 'rate' must be a rate above 0, such as 500 or 500/s, 90/m, not 'fast'"},
        Bad{"load: {rate: 5}\nsteps: [{request: GET /}]",
            "f.yaml:1:7: 'load' has no 'duration': how long it lasts, such as 60s"},
        Bad{"load: {rate: 5, ramp: {}, duration: 1s}\nsteps: [{request: GET /}]",
            "f.yaml:1:23: 'rate' and 'ramp' exclude each other; keep one"},
        Bad{"load: {connections: 5}\nsteps: [{request: GET /}]",
            "f.yaml:1:7: an open load needs rate and duration, constant, ramp, steps, spike or "
            "stages"},
        Bad{"load: {ramp: {from: 1, to: 2, duration: 1s}, duration: 1s}\nsteps: [{request: GET /}]",
            "f.yaml:1:56: 'duration' belongs to 'rate'; 'ramp' has its own"},
        Bad{"load: {mode: closed, users: 3, rate: 5, duration: 1s}\nsteps: [{request: GET /}]",
            "f.yaml:1:38: 'rate' says nothing with mode closed; remove it, or change the mode"},
        Bad{"load: {mode: closed, duration: 1s}\nsteps: [{request: GET /}]",
            "f.yaml:1:7: 'load' has no 'users': how many begin the next journey when their last "
            "has "
            "ended"},
        Bad{"load: {mode: opne}\nsteps: [{request: GET /}]",
            "f.yaml:1:14: 'mode' must be open, closed or find-limit, not 'opne'"},
        Bad{"load: {mode: find-limit, find_limit: {lowest: 5, highest: 5}}\nsteps: [{request: GET "
            "/}]",
            "f.yaml:1:38: 'highest' must be above 'lowest'"},
        Bad{"load: {rate: 5, duration: 5s, warm_up: 5s}\nsteps: [{request: GET /}]",
            "f.yaml:1:40: 'warm_up' must be shorter than the load itself, not '5s'"},
        Bad{"load: {steps: {from: 1, to: 2, count: 1000, each: 9000h}}\nsteps: [{request: GET /}]",
            "f.yaml:1:7: the load lasts longer than a year"},
        Bad{"load: {stages: []}\nsteps: [{request: GET /}]",
            "f.yaml:1:16: 'stages' must be a list of at least one stage, not a list"},
        Bad{"steps: [{name: a, request: GET /}]\nthresholds: [p99<250]",
            "f.yaml:2:14: threshold 'p99<250': p99 is compared with a duration such as 250ms, 1.5s "
            "or 2m"},
        Bad{"steps: [{name: create, request: GET /}]\nthresholds: [step.crate.p99<1s]",
            "f.yaml:2:14: there is no step 'crate'; did you mean 'create'?"},
        Bad{"steps: [{request: GET /}]\nthresholds: p99<1s",
            "f.yaml:2:13: 'thresholds' must be a list such as [p99<250ms, error_rate<0.1%, "
            "lost==0], not 'p99<1s'"}));

INSTANTIATE_TEST_SUITE_P(
    Trouble, BadFlow,
    testing::Values(
        Bad{"steps: [{request: GET /}]\ntrouble: [{kill: {pid_file: a}}]",
            "f.yaml:2:11: 'trouble[0]' has no 'at': the time since the run's start, such as 10s"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s}]",
            "f.yaml:2:11: an event does one thing: kill, stop, continue, terminate, restart or "
            "drain"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, run: 'rm -rf /'}]",
            "f.yaml:2:20: unknown key 'run' in 'trouble[0]'; known are at, label, kill, stop, "
            "continue, terminate, restart, drain"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, kill: {pid: 7}}]",
            "f.yaml:2:27: unknown key 'pid' in 'kill'; known are pid_file, container, command"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, kill: {}}]",
            "f.yaml:2:26: 'kill' takes one subject: {pid_file: PATH} or {container: LABEL=VALUE}"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, stop: {container: web}}]",
            "f.yaml:2:38: 'container' must be a label as KEY=VALUE, not 'web'"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, restart: {pid_file: a}}]",
            "f.yaml:2:29: 'restart' has no 'command': what to start instead, by /bin/sh"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, kill: {pid_file: a, command: b}}]",
            "f.yaml:2:49: 'command' belongs to 'restart'; remove it"},
        Bad{"steps: [{request: GET /}]\ntrouble: [{at: 1s, drain: {ops: 'host:1'}}]",
            "f.yaml:2:33: 'ops' must be a URL such as http://127.0.0.1:8081, not 'host:1'"}));

TEST(FlowFile, ReadsEveryShapeOfLoad) {
    const auto stages = [](std::string_view load) {
        return ParseFlow("load: " + std::string(load) + "\nsteps: [{request: GET /}]", "f").load;
    };
    EXPECT_EQ(stages("{rate: 500, duration: 30s}").stages.size(), 1U);
    EXPECT_EQ(stages("{constant: {rate: 60/m, duration: 30s}}").stages[0].to, 1.0);
    const LoadProfile ramp = stages("{ramp: {from: 10, to: 100, duration: 9s}, warm_up: 1s}");
    EXPECT_EQ(ramp.stages[0].from, 10);
    EXPECT_EQ(ramp.stages[0].to, 100);
    EXPECT_EQ(ramp.Length(), Duration(9s));
    EXPECT_EQ(ramp.warm_up, Duration(1s));
    const LoadProfile steps = stages("{steps: {from: 10, to: 40, count: 4, each: 2s}}");
    ASSERT_EQ(steps.stages.size(), 4U);
    EXPECT_DOUBLE_EQ(steps.stages[1].from, 20);
    EXPECT_DOUBLE_EQ(steps.stages[3].to, 40);
    const LoadProfile spike =
        stages("{spike: {base: 5, peak: 50, before: 3s, length: 1s, after: 2s}, connections: 9}");
    ASSERT_EQ(spike.stages.size(), 3U);
    EXPECT_EQ(spike.stages[1].from, 50);
    EXPECT_EQ(spike.Length(), Duration(6s));
    EXPECT_EQ(spike.connections, 9U);
    const LoadProfile list =
        stages("{stages: [{rate: 5, duration: 1s}, {from: 5, to: 9, duration: 1s}]}");
    EXPECT_EQ(list.stages[1].to, 9);
    const LoadProfile closed = stages("{mode: closed, users: 7, duration: 4s}");
    EXPECT_EQ(closed.mode, LoadMode::kClosed);
    EXPECT_EQ(closed.users, 7U);
    EXPECT_EQ(closed.Length(), Duration(4s));
    const LoadProfile limit = stages(
        "{mode: find-limit, find_limit: {lowest: 5, highest: 50, precision: 2%, probe: 3s}}");
    EXPECT_EQ(limit.mode, LoadMode::kFindLimit);
    EXPECT_EQ(limit.find_limit.highest, 50);
    EXPECT_DOUBLE_EQ(limit.find_limit.precision, 0.02);
    EXPECT_EQ(limit.find_limit.probe, Duration(3s));
}

TEST(FlowFile, AFlowWithoutLoadHasASmallOne) {
    const Flow flow = ParseFlow("steps: [{request: GET /}]", "dir/small.yaml");
    EXPECT_EQ(flow.name, "small");
    EXPECT_EQ(flow.load.mode, LoadMode::kOpen);
    EXPECT_EQ(flow.load.Length(), Duration(10s));
    ASSERT_EQ(flow.steps.size(), 1U);
    EXPECT_EQ(flow.steps[0].name, "GET /");
    EXPECT_EQ(flow.steps[0].method, "GET");
}

TEST(FlowFile, StepsWithoutANameAreKnownByTheirRequests) {
    const Flow flow =
        ParseFlow("steps: [{request: GET /}, {request: POST /}, {request: GET /}]", "f");
    EXPECT_EQ(flow.steps[2].name, "GET / #2");
}

TEST(FlowFile, ReadsTroubleInTheOrderOfItsTimes) {
    const Flow flow = ParseFlow(R"(
steps: [{request: GET /}]
trouble:
  - {at: 20s, restart: {pid_file: w1.pid, command: ./worker}, label: back}
  - {at: 10s, kill: {pid_file: /run/w1.pid}}
  - {at: 15s, stop: {container: app=worker}}
  - {at: 16s, drain: {ops: "http://127.0.0.1:8081"}}
  - {at: 17s, drain: {}}
)",
                                "dir/f.yaml");
    using Event = TroubleEvent;
    ASSERT_EQ(flow.trouble.size(), 5U);
    EXPECT_EQ(flow.trouble[0].at, Duration(10s));
    EXPECT_EQ(flow.trouble[0].action, Event::Action::kKill);
    EXPECT_EQ(flow.trouble[0].subject, "/run/w1.pid");
    EXPECT_EQ(flow.trouble[1].kind, Event::Kind::kContainer);
    EXPECT_EQ(flow.trouble[1].subject, "app=worker");
    EXPECT_EQ(flow.trouble[2].kind, Event::Kind::kOpsPort);
    EXPECT_EQ(flow.trouble[2].subject, "http://127.0.0.1:8081");
    EXPECT_EQ(flow.trouble[3].subject, "");
    EXPECT_EQ(flow.trouble[4].subject, "dir/w1.pid");
    EXPECT_EQ(flow.trouble[4].command, "./worker");
    EXPECT_EQ(flow.trouble[4].label, "back");
}

TEST(FlowFile, AliasesAreFollowedButNotForEver) {
    EXPECT_EQ(
        Refusal("steps: &s [{request: GET /, headers: &h {A: b}}, {request: GET /x, headers: *h}]"),
        "accepted");
    EXPECT_THAT(Refusal("steps: &s [*s]"), HasSubstr("nested deeper than any flow is"));
    std::string bomb = "a: &a0 [x, x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " +
                before + "]\n";
    }
    EXPECT_THAT(Refusal(bomb),
                testing::AnyOf(HasSubstr("the file is too large"), HasSubstr("nested deeper")));
}

TEST(FlowFile, WhateverTheFileHasInItTheRefusalIsOneLine) {
    const std::string refusal =
        Refusal("{\"a\":\"x\",\"b%\":1}\n{\"b\":[0],\"a\":nu\"\",1\nol}\x1b\n");
    EXPECT_THAT(refusal, StartsWith("f.yaml:"));
    EXPECT_EQ(refusal.find_first_of("\n\x1b"), std::string::npos) << refusal;
    EXPECT_EQ(Refusal("\"a\nb\": c\n").find('\n'), std::string::npos);
}

TEST(FlowFile, APathOrANameThatIsNotThereIsOneLine) {
    const auto refusal = [](const std::string& path) {
        try {
            LoadFlow(path);
        } catch (const FlowError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    EXPECT_EQ(refusal("order-craete"),
              "order-craete:1:1: cannot be read (No such file or directory), and is no ready flow; "
              "did you mean 'order-create'?");
    EXPECT_EQ(refusal("/"), "/:1:1: this is a folder, not a flow file");
    EXPECT_EQ(refusal("order-create"), "accepted");
}

}  // namespace
}  // namespace holdfast::load
