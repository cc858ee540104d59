#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/flow/flow.h"
#include "load/flow/journey.h"

namespace holdfast::load {

/// Journeys through a flow that is given as text, without any network.
class Walk {
  public:
    explicit Walk(std::string_view yaml, RunIdentity identity = {.run = "r", .seed = 7},
                  const std::string& file = "flow.yaml")
        : Walk(ParseFlow(yaml, file), std::move(identity)) {}
    explicit Walk(Flow flow, RunIdentity identity = {.run = "r", .seed = 7})
        : flow_(std::move(flow)),
          context_(MakeJourneyContext(flow_, identity, "shop:80")),
          journey_(context_) {}

    Walk& Begin(std::uint64_t number = 1) {
        journey_.Begin(number);
        return *this;
    }
    /// The next request; fails the test when the journey is over.
    const OutgoingRequest& Next() {
        EXPECT_EQ(Advance(), Journey::Next::kRequest);
        return out_;
    }
    Journey::Next Advance() { return journey_.Advance(out_, pause_); }
    std::string NextBody() { return std::string(Next().body); }
    /// The name of the next step, or how the journey ended.
    std::string NextStep() {
        const Journey::Next next = Advance();
        if (next == Journey::Next::kEnd) return "end";
        if (next == Journey::Next::kExhausted) return "exhausted";
        return flow_.steps[out_.step].name;
    }
    /// The answer's error and what is said of it: "check: there is no /orderId", "none".
    std::string Answer(std::uint16_t status, std::string_view body,
                       std::vector<HeaderView> headers = {}) {
        const Judgement judgement =
            journey_.Judge({.status = status, .headers = headers, .body = body});
        std::string text(Name(judgement.error));
        if (!judgement.detail.empty()) text += ": " + std::string(judgement.detail);
        return text;
    }

    const Flow& flow() const { return flow_; }
    const std::shared_ptr<JourneyContext>& context() const { return context_; }
    Journey& journey() { return journey_; }
    const OutgoingRequest& out() const { return out_; }
    Duration pause() const { return pause_; }

  private:
    Flow flow_;
    std::shared_ptr<JourneyContext> context_;
    Journey journey_;
    OutgoingRequest out_;
    Duration pause_{};
};

/// The one line that refuses a flow, or "accepted".
inline std::string Refusal(std::string_view yaml) {
    try {
        const Flow flow = ParseFlow(yaml, "f.yaml");
        MakeJourneyContext(flow, {.run = "r"}, "shop");
    } catch (const FlowError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace holdfast::load
