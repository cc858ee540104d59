#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "worker/supervisor/supervision.h"

namespace holdfast::worker {

using namespace std::chrono_literals;

/// A Supervision with a clock that stands still until a test moves it, and what it ordered.
class SupervisionFixture : public ::testing::Test {
  protected:
    static constexpr ChildEnd kCrash{.signal = 11};

    void Begin(std::uint32_t processes) {
        rules.processes = processes;
        supervision = std::make_unique<Supervision>(rules, [this] { return random; });
        supervision->Begin(now);
        Take();
    }
    /// Begin, and every process serves.
    void Serve(std::uint32_t processes) {
        Begin(processes);
        for (const Order& order : std::vector(started)) Ready(order.child);
        started.clear();
    }
    void Take() {
        for (Order& order : supervision->TakeOrders()) {
            if (order.kind == Order::Kind::kStart) started.push_back(order);
            if (order.kind == Order::Kind::kDrain) drained.push_back(order.child);
            if (order.kind == Order::Kind::kKill) killed.push_back(order.child);
        }
        for (Notice& notice : supervision->TakeNotices()) notices.push_back(std::move(notice));
    }
    void Ready(ChildId child) {
        supervision->OnStarted(child, now);
        supervision->OnReady(child, now);
        Take();
    }
    void End(ChildId child, const ChildEnd& end = kCrash) {
        supervision->OnEnded(child, end, now);
        Take();
    }
    /// To the next moment that something is due at; how long that took.
    SupervisorClock::duration PassToNext() {
        const auto next = supervision->NextTick();
        EXPECT_NE(next, SupervisorClock::time_point::max());
        const auto passed = next - now;
        now = next;
        supervision->Tick(now);
        Take();
        return passed;
    }
    void Pass(SupervisorClock::duration time) {
        now += time;
        supervision->Tick(now);
        Take();
    }
    /// The one process that was started since the last look.
    Order TakeStart() {
        EXPECT_EQ(started.size(), 1U);
        const Order order = started.empty() ? Order{} : started.front();
        started.clear();
        return order;
    }
    bool Told(Notice::Kind kind) const {
        return std::ranges::any_of(notices, [kind](const Notice& n) { return n.kind == kind; });
    }

    SupervisionRules rules;
    double random = 0;
    SupervisorClock::time_point now{1h};
    std::unique_ptr<Supervision> supervision;
    std::vector<Order> started;
    std::vector<ChildId> drained;
    std::vector<ChildId> killed;
    std::vector<Notice> notices;
};

}  // namespace holdfast::worker
