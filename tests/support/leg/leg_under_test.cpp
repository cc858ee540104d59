#include "tests/support/leg/leg_under_test.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace holdfast::test {

using gateway::BusItem;
using gateway::Completion;
using gateway::DeferredRef;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::optional<Completion> FakeLoop::Next(milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    while (next_ == taken_.size()) {
        taken_.clear();
        next_ = 0;
        const std::uint64_t wakes = wakes_.load(std::memory_order_relaxed);
        inbox_.TakeAll(taken_);
        if (!taken_.empty()) break;
        while (wakes_.load(std::memory_order_relaxed) == wakes) {
            if (steady_clock::now() >= until) return std::nullopt;
            std::this_thread::sleep_for(milliseconds(1));
        }
    }
    return std::move(taken_[next_++]);
}

LegUnderTest::LegUnderTest(const Change& change) {
    gateway::BusOptions options;
    options.port = 0;
    options.gateway = "gateway-under-test";
    options.dispatcher.services = {"orders"};
    options.dispatcher.ping_interval = milliseconds(50);
    options.dispatcher.peer_timeout = std::chrono::minutes(1);
    if (change) change(options);
    route.path = "/v1/orders";
    route.service = options.dispatcher.services.front();
    route.timeout = std::chrono::seconds(30);
    bus = std::make_unique<gateway::Bus>(options, replies, snapshots, inquiries, counters, watchdog,
                                         [this](gateway::BusLogLevel, std::string_view line) {
                                             gateway::MutexLock lock(mutex_);
                                             lines_.emplace_back(line);
                                         });
    bus->Start({&loop.inbox()});
}

LegUnderTest::~LegUnderTest() {
    bus->Stop();
}

DeferredRef LegUnderTest::Submit(std::string body, bool idempotent, milliseconds timeout) {
    gateway::Request request;
    request.route = &route;
    request.method = "POST";
    request.target = "/v1/orders";
    request.headers.Append("content-type", "application/json");
    request.body = std::move(body);
    request.idempotent = idempotent;
    request.received = gateway::Clock::now();
    request.deadline = request.received + timeout;
    DeferredRef deferred =
        gateway::DeferredResult::Create(std::move(request), gateway::Permit(), 0, nullptr);
    std::vector<BusItem> batch;
    batch.push_back({BusItem::Kind::kSubmit, deferred});
    bus->inbox().PushAll(batch);
    return deferred;
}

void LegUnderTest::Cancel(const DeferredRef& deferred) {
    std::vector<BusItem> batch;
    batch.push_back({BusItem::Kind::kCancel, deferred});
    bus->inbox().PushAll(batch);
}

bool LegUnderTest::Eventually(const std::function<bool()>& condition) {
    const auto until = steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
        if (steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
}

bool LegUnderTest::Logged(const std::string& text) const {
    gateway::MutexLock lock(mutex_);
    return std::ranges::any_of(
        lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace holdfast::test
