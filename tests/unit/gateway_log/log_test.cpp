#include "gateway/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>
#include <vector>

#include "gateway/log/request_lines.h"

namespace holdfast::gateway::log {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using Json = nlohmann::json;

/// Keeps what was written; can hold the log's thread up, as a full pipe would.
class Sink {
  public:
    std::function<void(std::string_view)> Function() {
        return [this](std::string_view line) {
            std::unique_lock<std::mutex> lock(mutex_);
            ++entered_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return !held_; });
            lines_.emplace_back(line);
            changed_.notify_all();
        };
    }
    void Hold() { Set(true); }
    void Release() { Set(false); }
    void WaitUntilEntered() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return entered_ > 0; });
    }
    bool WaitUntilWritten(std::size_t lines) {
        std::unique_lock<std::mutex> lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return lines_.size() >= lines; });
    }
    /// Only after the log was stopped.
    const std::vector<std::string>& lines() const { return lines_; }

  private:
    void Set(bool held) {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    int entered_ = 0;
    std::vector<std::string> lines_;
};

TEST(Logging, StopWritesEverythingThatWasQueued) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Start();
    for (int i = 0; i < 1000; ++i) log.Write(Level::kInfo, "line", {{"n", i}});
    log.Stop();
    ASSERT_THAT(sink.lines(), SizeIs(1000));
    EXPECT_THAT(sink.lines().back(), EndsWith(" info  line n=999\n"));
    EXPECT_EQ(log.dropped(), 0U);
    log.Stop();
}

TEST(Logging, LinesBeginWithTheTimeInUtc) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Start();
    log.Write(Level::kWarn, "here");
    log.Stop();
    EXPECT_TRUE(std::regex_match(
        sink.lines().at(0), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z warn  here\n)")))
        << sink.lines().at(0);
}

TEST(Logging, JsonLinesAreObjects) {
    Sink sink;
    Log log({.format = Format::kJson, .sink = sink.Function()});
    log.Start();
    log.Write(Level::kInfo, "%v {} a\nb", {{"k", "%Y \"{}\""}});
    log.Stop();
    const Json line = Json::parse(sink.lines().at(0));
    EXPECT_EQ(line["message"], "%v {} a\nb");
    EXPECT_EQ(line["k"], "%Y \"{}\"");
    EXPECT_THAT(line["time"].get<std::string>(), EndsWith("Z"));
}

TEST(Logging, LevelsBelowTheConfiguredOneAreLeftOut) {
    Sink sink;
    Log log({.level = Level::kWarn, .sink = sink.Function()});
    log.Start();
    EXPECT_FALSE(log.Enabled(Level::kInfo));
    log.Write(Level::kInfo, "no");
    log.WriteFolded(Level::kInfo, "key", "no");
    log.Write(Level::kWarn, "yes");
    log.Stop();
    EXPECT_THAT(sink.lines(), ElementsAre(HasSubstr("yes")));
}

TEST(Logging, ASlowOutputLosesTheOldestLinesAndNeverHoldsACallerUp) {
    Sink sink;
    Log log({.queue = 4, .sink = sink.Function()});
    log.Start();
    sink.Hold();
    log.Write(Level::kInfo, "first");
    sink.WaitUntilEntered();
    for (int i = 0; i < 100; ++i) log.Write(Level::kInfo, "line", {{"n", i}});
    EXPECT_EQ(log.dropped(), 96U);
    sink.Release();
    log.Stop();
    EXPECT_EQ(log.dropped(), 96U);
    EXPECT_THAT(sink.lines(), ElementsAre(HasSubstr("first"), HasSubstr("n=96"), HasSubstr("n=97"),
                                          HasSubstr("n=98"), HasSubstr("n=99")));
}

TEST(Logging, BeforeStartAndAfterStopLinesAreDropped) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Write(Level::kError, "early");
    log.Start();
    log.Stop();
    log.Write(Level::kError, "late");
    EXPECT_THAT(sink.lines(), IsEmpty());
}

TEST(Logging, TheLastRepeatsOfAStormAreWrittenThoughNothingFollows) {
    Sink sink;
    Log log({.fold_interval = 1ms, .sink = sink.Function()});
    // Before the start, so that all of the storm is over when time is first looked at.
    const TimePoint storm = Clock::now();
    for (int i = 0; i < 4; ++i) log.WriteFoldedAt(storm, Level::kWarn, "k", "bad frame");
    log.Start();
    EXPECT_TRUE(sink.WaitUntilWritten(1));
    log.Stop();
    EXPECT_THAT(sink.lines(), ElementsAre(HasSubstr("the same again key=k repeats=3")));
}

TEST(Logging, RepeatedErrorsAreFolded) {
    Sink sink;
    Log log({.fold_interval = 10s, .sink = sink.Function()});
    log.Start();
    const TimePoint start(1h);
    for (int i = 0; i < 500; ++i) {
        log.WriteFoldedAt(start + i * 1ms, Level::kWarn, "k", "bad frame", {{"n", i}});
    }
    log.WriteFoldedAt(start + 10s, Level::kWarn, "k", "bad frame", {{"n", 500}});
    log.WriteFoldedAt(start + 11s, Level::kWarn, "k", "bad frame", {{"n", 501}});
    log.Tick(start + 20s);
    log.Tick(start + 40s);
    log.Stop();
    EXPECT_THAT(sink.lines(),
                ElementsAre(AllOf(HasSubstr("bad frame n=0\n"), Not(HasSubstr("repeats"))),
                            HasSubstr("bad frame repeats=499 n=500"),
                            HasSubstr("the same again key=k repeats=1")));
}

TEST(Logging, StopTellsOfRepeatsThatWereNotToldYet) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Start();
    for (int i = 0; i < 3; ++i) log.WriteFolded(Level::kError, "k", "bad");
    log.Stop();
    EXPECT_THAT(sink.lines(), ElementsAre(HasSubstr("bad"), HasSubstr("key=k repeats=2")));
}

TEST(Logging, ManyThreadsMayWriteWhileItStops) {
    Sink sink;
    Log log({.queue = 64, .sink = sink.Function()});
    log.Start();
    std::vector<std::jthread> writers;
    for (int t = 0; t < 4; ++t) {
        writers.emplace_back([&log](const std::stop_token& stop) {
            for (int i = 0; !stop.stop_requested(); ++i) {
                log.Write(Level::kInfo, "line", {{"n", i}});
                log.WriteFolded(Level::kWarn, "key", "folded");
            }
        });
    }
    EXPECT_TRUE(sink.WaitUntilWritten(1));
    log.Stop();
    writers.clear();
    const std::regex whole(
        R"(\S+Z (info  line n=\d+|warn  (folded|the same again key=key)( repeats=\d+)?)\n)");
    for (const std::string& line : sink.lines()) EXPECT_TRUE(std::regex_match(line, whole)) << line;
}

TEST(RequestLines, ATimeoutSaysHowLongEachStageTook) {
    Sink sink;
    Log log({.format = Format::kJson, .sink = sink.Function()});
    log.Start();
    const TimePoint start(1h);
    FailureRecord line{.id = CorrelationId(7, 9),
                       .outcome = Outcome::kTimedOut,
                       .progress = Progress::kSent,
                       .attempts = 1,
                       .route = "/v1/orders",
                       .detail = "",
                       .received = start,
                       .answered = start + 5001ms,
                       .stamps = {start + 1ms, start + 3ms, start + 5000ms}};
    WriteFailure(log, line);
    line.route = "/v1/other";
    line.progress = Progress::kNeverSent;
    line.stamps.sent = {};
    WriteFailure(log, line);
    log.Stop();
    const Json sent = Json::parse(sink.lines().at(0));
    EXPECT_EQ(sent["outcome"], "timed-out");
    EXPECT_EQ(sent["id"], "0000000009000007");
    EXPECT_EQ(sent["processed"], "unknown");
    EXPECT_EQ(sent["received_to_submitted_ms"], 1.0);
    EXPECT_EQ(sent["submitted_to_sent_ms"], 2.0);
    EXPECT_EQ(sent["sent_to_completed_ms"], 4997.0);
    EXPECT_EQ(sent["total_ms"], 5001.0);
    const Json queued = Json::parse(sink.lines().at(1));
    EXPECT_EQ(queued["submitted_to_sent"], "never");
    EXPECT_EQ(queued["sent_to_completed"], "never");
}

TEST(RequestLines, FailuresAreFoldedButARequestLostTwiceIsAlwaysNamed) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Start();
    FailureRecord line;
    line.outcome = Outcome::kTimedOut;
    line.route = "/r";
    line.answered = TimePoint(1h);
    for (int i = 0; i < 10; ++i) WriteFailure(log, line);
    line.outcome = Outcome::kWorkerLost;
    line.attempts = 2;
    for (int i = 0; i < 3; ++i) WriteFailure(log, line);
    log.Stop();
    EXPECT_THAT(sink.lines(), SizeIs(1 + 3 + 1));
    EXPECT_THAT(sink.lines().back(), HasSubstr("key=\"timed-out /r\" repeats=9"));
}

TEST(RequestLines, AnAccessRecordHoldsWhatOneLooksFor) {
    Sink sink;
    Log log({.sink = sink.Function()});
    log.Start();
    WriteAccess(log, {.client = "127.0.0.1",
                      .method = "POST",
                      .target = "/v1/orders?x=1",
                      .route = "/v1/orders",
                      .status = 201,
                      .outcome = Outcome::kReplied,
                      .id = CorrelationId(7, 9),
                      .request_bytes = 120,
                      .response_bytes = 640,
                      .duration = 2500us});
    log.Stop();
    EXPECT_THAT(sink.lines().at(0),
                EndsWith("access client=127.0.0.1 method=POST target=\"/v1/orders?x=1\" "
                         "route=/v1/orders status=201 outcome=replied id=0000000009000007 "
                         "request_bytes=120 response_bytes=640 duration_ms=2.500\n"));
}

}  // namespace
}  // namespace holdfast::gateway::log
