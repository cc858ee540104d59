#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/flow/check.h"
#include "load/flow/feeder.h"
#include "load/flow/template.h"

namespace holdfast::load {

/// How long a user waits.
struct PauseRule {
    enum class Kind : std::uint8_t { kFixed, kUniform, kExponential };
    Kind kind = Kind::kFixed;
    Duration low{};   ///< the time itself; kExponential: the mean
    Duration high{};  ///< kUniform
};

/// How a request is known by its answer.
struct MarkRule {
    std::optional<Selector> at;       ///< where the answer must echo it
    std::optional<std::uint32_t> of;  ///< the step whose mark it has; its own otherwise
};

/// A step that sends a request.
struct RequestStep {
    std::string name;
    std::string method;
    Template path;  ///< with its query
    std::vector<std::pair<std::string, Template>> headers;
    std::optional<Template> body;
    std::optional<Template> idempotency_key;  ///< that header's value; not among `headers`
    bool has_mark = false;                    ///< a template or a rule asks for it

    Duration timeout = std::chrono::seconds(10);
    PauseRule think;
    std::uint64_t repeat = 1;
    bool stop_on_error = true;
    std::uint64_t send_rate = 0;
    std::uint64_t receive_rate = 0;
    Duration abandon_after{};

    Statuses statuses;
    MarkRule mark;
    std::optional<Selector> unique;
    bool order_totals = false;
    std::vector<Check> checks;
    struct Extract {
        Selector from;
        std::uint32_t slot = 0;
    };
    std::vector<Extract> extracts;
};

/// One operation of the program that journeys walk through.
struct Op {
    enum class Kind : std::uint8_t { kRequest, kPause, kBranch, kJump, kEnd };
    Kind kind = Kind::kEnd;
    std::uint32_t index = 0;  ///< of the step, the pause, the branch; kJump: the next operation
};

/// Alternatives by weight; each is where to go on.
struct Choice {
    struct Way {
        double upto = 0;  ///< sum of the weights up to and with this one
        std::uint32_t target = 0;
    };
    std::vector<Way> ways;

    void Add(double weight, std::uint32_t target) {
        ways.push_back({(ways.empty() ? 0 : ways.back().upto) + weight, target});
    }
    /// `unit` is from 0 to below 1.
    const Way& Pick(double unit) const {
        const double point = unit * ways.back().upto;
        std::size_t at = 0;
        while (at + 1 < ways.size() && point >= ways[at].upto) ++at;
        return ways[at];
    }
};

struct Scenario {
    std::string name;
    std::uint32_t begin = 0;               ///< its first operation
    std::vector<std::uint32_t> feeders{};  ///< of which a journey takes a row
};

struct Plan {
    struct Variable {
        std::uint32_t slot = 0;
        Template value;
    };

    std::vector<RequestStep> steps;
    std::vector<Op> ops;
    std::vector<PauseRule> pauses;
    std::vector<Choice> branches;
    std::vector<Scenario> scenarios;
    Choice by_weight;                 ///< targets are scenarios
    std::vector<Variable> variables;  ///< set when a journey begins, in this order
    std::uint32_t slots = 0;
    std::vector<FeederSpec> feeders;
};

}  // namespace holdfast::load
