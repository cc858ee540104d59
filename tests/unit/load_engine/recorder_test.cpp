#include "load/engine/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr TimePoint kStart{seconds(1000)};

class RecorderTest : public ::testing::Test {
  protected:
    struct LastEntry final : Ledger {
        void Record(const LedgerEntry& entry) override {
            ++count;
            error = entry.error;
            status = entry.status;
            outcome = entry.outcome;
            processed = entry.processed;
            took = std::chrono::duration_cast<milliseconds>(entry.ended - entry.planned);
        }
        int count = 0;
        ErrorKind error{};
        std::uint16_t status = 0;
        std::string outcome;
        std::string processed;
        milliseconds took{};
    };

    RecorderTest() {
        request.step = 1;
        ended.request = &request;
        ended.planned = kStart + milliseconds(10);
        ended.begun = kStart + milliseconds(15);
        ended.now = kStart + milliseconds(30);
        response = {503, headers, "body"};
    }

    static Flow TwoSteps() {
        Flow flow;
        flow.steps = {{"create", "POST"}, {"read", "GET"}};
        return flow;
    }

    Flow flow = TwoSteps();
    std::vector<HeaderView> headers = {{"holdfast-OUTCOME", "overloaded"},
                                       {"Holdfast-Processed", "no"}};
    OutgoingRequest request;
    IncomingResponse response;
    Ended ended;
    LastEntry ledger;
    std::vector<Interval> intervals;
    Recorder recorder{flow, kStart, &ledger,
                      [this](const Interval& each) { intervals.push_back(each); }};
};

TEST_F(RecorderTest, EmptySecondsAreHandedOverToo) {
    recorder.Roll(kStart - milliseconds(1), {});
    recorder.Roll(kStart + milliseconds(999), {});
    EXPECT_TRUE(intervals.empty());
    recorder.Roll(kStart + milliseconds(3000), {.in_flight = 1, .waiting = 2, .connections = 3});
    ASSERT_EQ(intervals.size(), 3U);
    EXPECT_EQ(intervals[2].second, 2U);
    EXPECT_EQ(intervals[2].waiting, 2U);
    EXPECT_EQ(intervals[2].steps.size(), 2U);
    recorder.Finish({});
    EXPECT_EQ(intervals.back().second, 3U);
}

TEST_F(RecorderTest, AnAnswerCountsFromItsPlannedTime) {
    ended.response = &response;
    recorder.Record(ended, true);
    recorder.Finish({});
    const StepInterval& step = intervals.front().steps[1];
    EXPECT_EQ(step.answered, 1U);
    EXPECT_EQ(step.latency.max(), milliseconds(20));
    EXPECT_EQ(step.service_time.max(), milliseconds(15));
    EXPECT_EQ(step.good_latency.count(), 1U);
    EXPECT_EQ(step.statuses.at(503), 1U);
    EXPECT_EQ(step.outcomes.at("overloaded"), 1U);
    EXPECT_EQ(intervals.front().steps[0].answered, 0U);
    EXPECT_EQ(ledger.status, 503);
    EXPECT_EQ(ledger.outcome, "overloaded");
    EXPECT_EQ(ledger.processed, "no");
    EXPECT_EQ(ledger.took, milliseconds(20));
}

TEST_F(RecorderTest, ATimeoutCountsAsTheTimeThatWasWaited) {
    ended.error = ErrorKind::kTimeout;
    recorder.Record(ended, true);
    recorder.Finish({});
    const StepInterval& step = intervals.front().steps[1];
    EXPECT_EQ(step.answered, 0U);
    EXPECT_EQ(step.errors[static_cast<std::size_t>(ErrorKind::kTimeout)], 1U);
    EXPECT_EQ(step.latency.count(), 1U);
    EXPECT_EQ(step.good_latency.count(), 0U);
    EXPECT_EQ(step.service_time.count(), 0U);
}

TEST_F(RecorderTest, AnAbandonedRequestIsNoErrorButItsClientLearnedNothing) {
    ended.abandoned = true;
    recorder.Record(ended, true);
    recorder.Finish({});
    EXPECT_EQ(intervals.front().steps[1].errors[0], 1U);
    EXPECT_EQ(intervals.front().steps[1].answered, 0U);
    EXPECT_EQ(ledger.error, ErrorKind::kDisconnected);
}

TEST_F(RecorderTest, NotesAreDistinctAndFew) {
    ended.error = ErrorKind::kStatus;
    ended.detail = "status 503";
    recorder.Record(ended, true);
    recorder.Record(ended, true);
    for (int i = 0; i < 20; ++i) recorder.Note(0, std::to_string(i));
    recorder.Roll(kStart + seconds(1), {});
    recorder.Note("next");
    recorder.Finish({});
    EXPECT_EQ(intervals[0].notes.size(), Interval::kMaxNotes);
    EXPECT_EQ(intervals[0].notes[0], "step read: status 503");
    EXPECT_EQ(intervals[0].notes[1], "step create: 0");
    EXPECT_THAT(intervals[1].notes, ElementsAre("next"));
}

TEST_F(RecorderTest, OutcomesThatNeverEndAreBounded) {
    ended.response = &response;
    for (int i = 0; i < 200; ++i) {
        const std::string name = "outcome-" + std::to_string(i);
        headers[0].value = name;
        recorder.Record(ended, true);
    }
    EXPECT_EQ(recorder.step(1).outcomes.size(), Recorder::kMaxOutcomes);
    EXPECT_EQ(recorder.step(1).answered, 200U);
}

TEST_F(RecorderTest, AnIntervalBeginsEmpty) {
    ended.response = &response;
    recorder.Record(ended, true);
    recorder.current().slip.Record(milliseconds(1));
    recorder.current().connects = 5;
    recorder.Roll(kStart + seconds(1), {});
    recorder.Roll(kStart + seconds(2), {});
    EXPECT_EQ(intervals[1].steps[1].answered, 0U);
    EXPECT_EQ(intervals[1].slip.count(), 0U);
    EXPECT_EQ(intervals[1].connects, 0U);
    EXPECT_TRUE(intervals[1].steps[1].statuses.empty());
    EXPECT_EQ(intervals[1].steps[1].latency.count(), 0U);
}

}  // namespace
}  // namespace holdfast::load
