#include <random>

#include "tests/unit/worker_core/fakes.h"

namespace holdfast::worker {
namespace {

/// Random inputs in random order, with what must hold after each turn.
class RandomSchedule : public WorkerFixture, public ::testing::WithParamInterface<unsigned> {
  protected:
    static constexpr std::uint32_t kCapacity = 6;
    static constexpr std::size_t kThreads = 2;

    int Draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

    void Step() {
        const LinkId link = links_[static_cast<std::size_t>(Draw(static_cast<int>(links_.size())))];
        switch (Draw(12)) {
            case 0:
            case 1:
            case 2:
            case 3:
                SendWithinCredit(link);
                break;
            case 4:
            case 5:
                if (running_.size() < kThreads) Take();
                break;
            case 6:
            case 7:
                if (!running_.empty()) {
                    Finish(running_.front());
                    running_.pop_front();
                }
                break;
            case 8:
                Cancel(link, next_id_ - static_cast<std::uint64_t>(Draw(8)));
                break;
            case 9:
                if (Draw(4) == 0) transmitter.full.insert(link.value);
                if (Draw(2) == 0) transmitter.full.clear();
                break;
            case 10:
                now += ms(Draw(Draw(20) == 0 ? 900 : 60));
                break;
            default:
                if (Draw(10) != 0) break;
                if (worker->InSession(link)) {
                    worker->OnLinkReset(link);
                } else {
                    transmitter.full.clear();
                    Welcome(link, ++next_session_);
                }
        }
    }

    void SendWithinCredit(LinkId link) {
        if (!worker->InSession(link)) return;
        RequestCreditItem granted;
        for (const SentEnvelope& envelope : Sent(link)) {
            const bool ours = envelope.session == sessions[link.value].first;
            if (ours && envelope.credit) granted = *envelope.credit;
        }
        const std::uint64_t sent = sessions[link.value].second;
        if (sent >= granted.requests_total || sent * 10 >= granted.bytes_total) return;
        ASSERT_TRUE(Request(link, ++next_id_, ms(50 + Draw(500))));
    }

    void Take() {
        if (RequestRecord* record = StartNext()) running_.push_back(record);
        handlers.all_busy_since = running_.size() == kThreads ? now : TimePoint::max();
    }

    void Turn() {
        worker->BeginTurn(now);
        for (const LinkId link : links_) {
            if (worker->InSession(link) && Draw(3) != 0) Ping(link);
        }
        Tick();
        ASSERT_LE(worker->held(), kCapacity + links_.size() + 1);
        ASSERT_EQ(Count(Counter::kReturnedOverCredit), 0U);
        for (const LinkId link : links_) CheckTotalsOnlyGrow(link);
    }

    void CheckTotalsOnlyGrow(LinkId link) {
        std::uint64_t session = 0;
        RequestCreditItem last;
        for (const SentEnvelope& envelope : Sent(link)) {
            if (envelope.session != session) last = {};
            session = envelope.session;
            if (!envelope.credit) continue;
            ASSERT_GE(envelope.credit->requests_total, last.requests_total);
            ASSERT_GE(envelope.credit->bytes_total, last.bytes_total);
            last = *envelope.credit;
        }
    }

    std::mt19937 random_{GetParam()};
    std::vector<LinkId> links_;
    std::deque<RequestRecord*> running_;
    std::uint64_t next_id_ = 0;
    std::uint64_t next_session_ = 100;
};

TEST_P(RandomSchedule, EveryRequestEndsInExactlyOneWay) {
    Start({.capacity_requests = kCapacity});
    for (int i = 0; i < 3; ++i) links_.push_back(Join(++next_session_));
    for (int step = 0; step < 1500; ++step) {
        Step();
        if (Draw(3) == 0) Turn();
        if (HasFatalFailure()) return;
    }
    while (!running_.empty()) {
        Finish(running_.front());
        running_.pop_front();
    }
    transmitter.full.clear();
    now += std::chrono::seconds(2);
    worker->BeginTurn(now);
    Tick();
    EXPECT_EQ(worker->held(), 0U);
    EXPECT_TRUE(handlers.waiting.empty());
    std::map<std::uint64_t, int> ends;
    std::size_t told = 0;
    for (const LinkId link : links_) {
        for (const auto& reply : Replies(link)) ++ends[reply.id], ++told;
        for (const auto& item : Returns(link)) ++ends[item.id], ++told;
    }
    for (const auto& [id, count] : ends) EXPECT_EQ(count, 1) << "request " << id;
    EXPECT_GT(told, 20U);
    EXPECT_LE(told, Count(Counter::kReceived));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedule, ::testing::Range(1U, 41U));

}  // namespace
}  // namespace holdfast::worker
