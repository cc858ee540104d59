#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "load/engine/engine.h"
#include "tests/support/load/fake_journey.h"
#include "tests/support/load/scripted_server.h"

namespace holdfast::load {

using test::HttpAnswer;
using test::ScriptedServer;
using Asked = ScriptedServer::Asked;
using Reply = ScriptedServer::Reply;
using std::chrono::milliseconds;

/// What an engine measured in one run.
struct Measured {
    std::vector<Interval> intervals;
    Interval all;

    const StepInterval& step(std::size_t number = 0) const { return all.steps[number]; }
    std::uint64_t errors(ErrorKind kind, std::size_t number = 0) const {
        return step(number).errors[static_cast<std::size_t>(kind)];
    }
    std::uint64_t good(std::size_t number = 0) const { return errors(ErrorKind::kNone, number); }
    /// Every request is counted as exactly one of good and the kinds of errors.
    std::uint64_t counted(std::size_t number = 0) const;
    /// "good 7, timeout 3": what is not zero.
    std::string Text(std::size_t number = 0) const;
};

/// `count` journeys, evenly over `length`, through at most `connections`.
EngineOptions OpenLoad(const std::string& url, unsigned count, Duration length,
                       unsigned connections = 8);
EngineOptions ClosedLoad(const std::string& url, unsigned users, Duration length);

/// Runs it to its end. `options.start` is set to now.
Measured RunEngine(const Flow& flow, EngineOptions options);

/// A flow of one GET whose answer must hold the request's mark, and a timeout for it.
Flow OneGet(Duration timeout = std::chrono::seconds(20));
/// An answer that holds the mark of the request.
std::string Echo(const Asked& asked);

}  // namespace holdfast::load
