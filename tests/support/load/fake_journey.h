#pragma once

#include <functional>
#include <string>
#include <vector>

#include "load/flow/flow.h"
#include "load/flow/journey.h"

namespace holdfast::load {

/// Stands in for load/flow in tests of the engine alone: link holdfast_test_load_engine instead of
/// holdfast_load_flow. Each journey is the steps in their order.
struct Plan {
    struct Step {
        OutgoingRequest request;  ///< `bytes`: %MARK% becomes the journey's number
        Duration pause{};
        bool goes_on = false;  ///< also after a failure
    };
    std::vector<Step> steps;
    std::uint64_t journeys = 0;  ///< the feeder runs out after so many; 0: never
    /// Null: 200 is good, and the body must hold the mark of a request that has one.
    std::function<Judgement(const IncomingResponse&, const OutgoingRequest&)> judge;
};

/// A flow of these steps.
Flow FakeFlow(std::vector<Plan::Step> steps);
/// "GET path", and what a request of it needs.
Plan::Step FakeStep(std::string_view method, std::string_view path, std::string_view headers = {},
                    std::string_view body = {});

}  // namespace holdfast::load
