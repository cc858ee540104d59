#include "load/run/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "load/engine/engine.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Interval Second(std::uint32_t second, std::uint64_t answers) {
    Interval interval;
    interval.second = second;
    interval.steps.resize(1);
    interval.steps[0].answered = answers;
    interval.steps[0].errors[0] = answers;
    return interval;
}

void Tell(int channel, const Interval& interval) {
    WriteFrame(channel, Frame::Type::kInterval, interval.Serialize());
}

/// The next frame; nothing at the end.
std::optional<Frame> Hear(FrameReader& reader, int channel) {
    for (;;) {
        if (auto frame = reader.Next()) return frame;
        if (!reader.ReadFrom(channel)) return std::nullopt;
    }
}

/// A generator that says it is up and calls `on_round` for each round.
Fleet::Main Scripted(std::function<void(std::uint32_t process, int channel, const Round&)> round) {
    return [round = std::move(round)](std::uint32_t process, int channel) {
        WriteFrame(channel, Frame::Type::kUp, {});
        FrameReader reader;
        while (const auto frame = Hear(reader, channel)) {
            if (frame->type != Frame::Type::kRound) continue;
            round(process, channel, Round::Parse(frame->payload).value());
            WriteFrame(channel, Frame::Type::kDone,
                       RoundEnd{.ledger_recorded = 5, .ledger_lost = process}.Serialize());
        }
        return 0;
    };
}

Round Constant(double rate, seconds length) {
    return {.start = Clock::now(), .stages = {{.from = rate, .to = rate, .length = length}}};
}

class StopPipe {
  public:
    StopPipe() { EXPECT_EQ(pipe(ends_), 0); }
    ~StopPipe() {
        close(ends_[0]);
        close(ends_[1]);
    }
    void Write() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
    int get() const { return ends_[0]; }

  private:
    int ends_[2];
};

TEST(Fleet, MergesTheSecondsOfAllAndAddsUpTheirLedgers) {
    Fleet fleet(3, Scripted([](std::uint32_t process, int channel, const Round& round) {
                    for (std::uint32_t second = 0; second < 4; ++second) {
                        Tell(channel, Second(second, process + round.number));
                    }
                }));
    StopPipe stop;
    ASSERT_TRUE(fleet.WaitUp(stop.get()));
    // Two rounds with the same processes.
    for (const std::uint32_t number : {0U, 10U}) {
        Round round = Constant(100, seconds(4));
        round.number = number;
        std::vector<std::uint32_t> shown;
        const RoundResult result =
            fleet.Run(round, stop.get(), seconds(30),
                      [&](const Interval& interval) { shown.push_back(interval.second); });
        EXPECT_THAT(shown, ::testing::ElementsAre(0, 1, 2, 3));
        ASSERT_EQ(result.intervals.size(), 4U);
        EXPECT_EQ(result.intervals[2].steps[0].answered, 0 + 1 + 2 + 3 * number);
        EXPECT_TRUE(result.lost.empty());
        EXPECT_FALSE(result.interrupted);
        EXPECT_EQ(result.ledger_recorded, 15U);
        EXPECT_EQ(result.ledger_lost, 3U);
    }
}

TEST(Fleet, AGeneratorThatIsKilledIsNamedAndItsShareIsCountedAsUnsent) {
    Fleet fleet(4, Scripted([](std::uint32_t process, int channel, const Round&) {
                    for (std::uint32_t second = 0; second < 4; ++second) {
                        if (process == 2 && second == 1) raise(SIGKILL);
                        Tell(channel, Second(second, 25));
                    }
                }));
    StopPipe stop;
    ASSERT_TRUE(fleet.WaitUp(stop.get()));
    const Round round = Constant(100, seconds(4));
    RoundResult result = fleet.Run(round, stop.get(), seconds(30), [](const Interval&) {});
    ASSERT_EQ(result.lost.size(), 1U);
    EXPECT_EQ(result.lost[0].process, 2U);
    EXPECT_EQ(result.lost[0].second, 1U);
    EXPECT_EQ(result.lost[0].reason, "was killed by signal 9 (Killed)");
    EXPECT_EQ(CountMissing(round, 4, result), 75U);
    ASSERT_EQ(result.intervals.size(), 4U);
    const auto unsent = static_cast<std::size_t>(ErrorKind::kUnsent);
    EXPECT_EQ(result.intervals[0].steps[0].errors[unsent], 0U);
    EXPECT_EQ(result.intervals[0].steps[0].answered, 100U);
    EXPECT_EQ(result.intervals[3].steps[0].errors[unsent], 25U);
    EXPECT_EQ(result.intervals[3].steps[0].answered, 75U);
}

TEST(Fleet, WhenAllAreLostAllOfTheRestIsUnsent) {
    Fleet fleet(2, Scripted([](std::uint32_t, int channel, const Round&) {
                    Tell(channel, Second(0, 50));
                    _exit(7);
                }));
    StopPipe stop;
    ASSERT_TRUE(fleet.WaitUp(stop.get()));
    const Round round = Constant(100, seconds(3));
    RoundResult result = fleet.Run(round, stop.get(), seconds(30), [](const Interval&) {});
    ASSERT_EQ(result.lost.size(), 2U);
    EXPECT_EQ(result.lost[0].reason, "ended with status 7");
    EXPECT_EQ(CountMissing(round, 2, result), 200U);
    EXPECT_EQ(result.intervals.size(), 3U);
    // The next round has nobody left, and ends at once.
    EXPECT_TRUE(fleet.Run(round, stop.get(), seconds(30), [](const Interval&) {}).lost.empty());
}

TEST(Fleet, AGeneratorThatHangsIsKilledAfterItsPatience) {
    Fleet fleet(2, Scripted([](std::uint32_t process, int channel, const Round&) {
                    Tell(channel, Second(0, 1));
                    while (process == 1) pause();
                }));
    StopPipe stop;
    ASSERT_TRUE(fleet.WaitUp(stop.get()));
    const RoundResult result =
        fleet.Run(Constant(1, seconds(0)), stop.get(), milliseconds(200), [](const Interval&) {});
    ASSERT_EQ(result.lost.size(), 1U);
    EXPECT_EQ(result.lost[0].process, 1U);
    EXPECT_EQ(result.lost[0].second, 1U);
}

TEST(Fleet, AStopReachesEveryGenerator) {
    Fleet fleet(2, [](std::uint32_t, int channel) {
        WriteFrame(channel, Frame::Type::kUp, {});
        FrameReader reader;
        while (const auto frame = Hear(reader, channel)) {
            if (frame->type == Frame::Type::kStop) WriteFrame(channel, Frame::Type::kDone, {});
        }
        return 0;
    });
    StopPipe stop;
    ASSERT_TRUE(fleet.WaitUp(stop.get()));
    stop.Write();
    const RoundResult result =
        fleet.Run(Constant(1, seconds(3000)), stop.get(), seconds(30), [](const Interval&) {});
    EXPECT_TRUE(result.interrupted);
    EXPECT_TRUE(result.lost.empty());
}

TEST(Fleet, WhatAGeneratorRefusesIsThrownAsWhatItIs) {
    const auto refuse = [](const std::string& payload) {
        Fleet fleet(2, [payload](std::uint32_t process, int channel) {
            if (process == 1) WriteFrame(channel, Frame::Type::kRefused, payload);
            FrameReader reader;
            Hear(reader, channel);  // until the parent closes it
            return 1;
        });
        StopPipe stop;
        fleet.WaitUp(stop.get());
    };
    EXPECT_THROW(refuse("Ffile:1:2: bad"), FlowError);
    EXPECT_THROW(refuse("Tnobody there"), TargetError);
    EXPECT_THROW(refuse("Iother"), std::runtime_error);
}

TEST(Fleet, AGeneratorThatEndsBeforeItIsUpIsAnError) {
    Fleet fleet(1, [](std::uint32_t, int) { return 9; });
    StopPipe stop;
    try {
        fleet.WaitUp(stop.get());
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "generator 1 ended with status 9 before it began");
    }
}

TEST(Fleet, NothingIsLeftBehind) {
    std::vector<pid_t> pids;
    {
        Fleet fleet(2, [](std::uint32_t, int channel) {
            FrameReader reader;
            while (Hear(reader, channel)) {
            }
            return 0;
        });
        pids = fleet.pids();
    }
    for (const pid_t pid : pids) EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace holdfast::load
