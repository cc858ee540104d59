#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "load/flow/flow.h"
#include "load/flow/journey.h"
#include "tests/support/http/http_client.h"
#include "tests/support/stack/stack.h"

namespace holdfast::load {
namespace {

using holdfast::testing::SlowFactor;

/// Sends what a journey wants to send, and shows it the answers.
class Visitor {
  public:
    Visitor(const Flow& flow, std::uint16_t port)
        : flow_(flow),
          port_(port),
          journey_(MakeJourneyContext(flow, {.run = "visit-" + flow.name, .seed = 1},
                                      "127.0.0.1:" + std::to_string(port))) {}

    /// The steps that were made, and what was wrong with them.
    void Go(std::uint64_t number) {
        journey_.Begin(number);
        OutgoingRequest out;
        Duration pause{};
        while (journey_.Advance(out, pause) == Journey::Next::kRequest) {
            const std::string& step = flow_.steps[out.step].name;
            seen_.insert(step);
            test::HttpClient client(port_);
            client.patience *= SlowFactor();
            ASSERT_TRUE(client.Send(out.bytes)) << step;
            const auto response = client.Receive(out.head);
            ASSERT_TRUE(response) << step;
            std::vector<HeaderView> headers;
            for (const auto& [name, value] : response->headers) headers.push_back({name, value});
            const Judgement judgement =
                journey_.Judge({.status = static_cast<std::uint16_t>(response->status),
                                .headers = headers,
                                .body = response->body});
            EXPECT_EQ(judgement.error, ErrorKind::kNone)
                << flow_.name << ", step " << step << ": " << judgement.detail << "\n"
                << out.bytes << "\n"
                << response->body;
        }
    }
    const std::set<std::string>& seen() const { return seen_; }

  private:
    const Flow& flow_;
    std::uint16_t port_;
    Journey journey_;
    std::set<std::string> seen_;
};

TEST(ReadyFlows, EveryStepGetsTheAnswerThatItExpectsOfTheRealProduct) {
    holdfast::testing::Stack stack;
    stack.StartGateway();
    stack.StartOrdersWorker();
    ASSERT_TRUE(stack.WaitReady());
    ASSERT_GE(ReadyFlows().size(), 5U);
    for (const ReadyFlow& ready : ReadyFlows()) {
        const Flow flow = LoadFlow(std::string(ready.name));
        EXPECT_EQ(flow.name, ready.name);
        EXPECT_EQ(flow.description, ready.description);
        Visitor visitor(flow, stack.ports().data);
        for (std::uint64_t number = 0; number < 100; ++number) visitor.Go(number);
        EXPECT_EQ(visitor.seen().size(), flow.steps.size()) << flow.name;
    }
}

}  // namespace
}  // namespace holdfast::load
