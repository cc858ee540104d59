#include <gtest/gtest.h>

#include "worker/supervisor/child_context.h"
#include "worker/supervisor/process_limits.h"
#include "worker/supervisor/report_text.h"
#include "worker/supervisor/settling.h"

namespace holdfast::worker {
namespace {

using namespace std::chrono_literals;
using Verdict = Settling::Verdict;

TEST(ChildContext, ComesBackAsItWasWhateverThePathHolds) {
    ChildContext context;
    context.report_fd = 7;
    context.parent = 4711;
    context.index = 2;
    context.generation = 3;
    context.restarts = 4;
    context.last_crash_age = 5678ms;
    context.last_crash = "SIGSEGV";
    context.plugin = "/tmp/a b;c=d/lib.so";
    const auto back = DecodeChildContext(Encode(context));
    ASSERT_TRUE(back);
    EXPECT_EQ(Encode(*back), Encode(context));
    EXPECT_EQ(back->plugin, context.plugin);
    EXPECT_EQ(back->last_crash_age, 5678ms);
    for (const char* bad : {"", "1;2", "x;1;2;3;4;5;;p", "1;2;3;4;5;x;;p", "1 ;2;3;4;5;6;;p"}) {
        EXPECT_FALSE(DecodeChildContext(bad)) << bad;
    }
}

class SettlingTest : public ::testing::Test {
  protected:
    Verdict Look(std::optional<FileStamp> stamp) { return settling.Look(stamp, now); }
    Verdict LookAfter(SupervisorClock::duration time, std::optional<FileStamp> stamp) {
        now += time;
        return Look(stamp);
    }
    static FileStamp Stamp(std::int64_t size) { return {1, 2, size, 3}; }

    Settling settling;
    SupervisorClock::time_point now{1h};
};

TEST_F(SettlingTest, NothingIsLookedAtUntilSomethingHappened) {
    EXPECT_EQ(settling.NextLook(), SupervisorClock::time_point::max());
    EXPECT_EQ(Look(Stamp(5)), Verdict::kWait);
}

TEST_F(SettlingTest, AFileThatStaysTheSameIsWholeAndSaidToBeOnce) {
    settling.Poke(now);
    EXPECT_EQ(Look(Stamp(5)), Verdict::kWait);
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(5)), Verdict::kSettled);
    EXPECT_EQ(settling.NextLook(), SupervisorClock::time_point::max());
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(5)), Verdict::kWait);
}

TEST_F(SettlingTest, AFileThatGrowsIsWaitedFor) {
    settling.Poke(now);
    EXPECT_EQ(Look(Stamp(5)), Verdict::kWait);
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(6)), Verdict::kWait);
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(6)), Verdict::kSettled);
}

TEST_F(SettlingTest, OneThatIsMissingEmptyOrStillWrittenToIsNotWholeAndGivenUpInTheEnd) {
    for (int i = 0; i < 3; ++i) {
        settling.SetWriting(i == 0);
        const auto stamp = i == 0   ? std::optional(Stamp(5))
                           : i == 1 ? std::optional(Stamp(0))
                                    : std::nullopt;
        settling.Poke(now);
        const auto begin = now;
        Verdict verdict = Look(stamp);
        while (verdict == Verdict::kWait) verdict = LookAfter(Settling::kQuiet, stamp);
        EXPECT_EQ(verdict, Verdict::kNever) << i;
        EXPECT_LE(now - begin, Settling::kPatience + Settling::kQuiet);
    }
}

TEST_F(SettlingTest, WhatHappensMeanwhileBeginsTheQuietAnew) {
    settling.Poke(now);
    EXPECT_EQ(Look(Stamp(5)), Verdict::kWait);
    settling.Poke(now + 100ms);
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(5)), Verdict::kWait);
    EXPECT_EQ(LookAfter(Settling::kQuiet, Stamp(5)), Verdict::kSettled);
}

TEST(ReportText, NamesAreAsInTheSourceAndTheCopyIsTheFileThatPeopleKnow) {
    EXPECT_EQ(ReportText("#1 /tmp/h-1/2/lib.so(_ZN3foo3BarEi+0x1f)[0x7f]", "/tmp/h-1/2/lib.so",
                         "plugins/lib.so"),
              "#1 plugins/lib.so(foo::Bar(int)+0x1f)[0x7f]");
    EXPECT_EQ(ReportText("#2 a.out(main+0x1)[0x2]", "/tmp/x", "y"), "#2 a.out(main+0x1)[0x2]");
    EXPECT_EQ(ReportText("(_Z", "", ""), "(_Z");
    EXPECT_EQ(ReportText("(_Zx+", "", ""), "(_Zx+");
    EXPECT_EQ(ReportText("a\x1b[2J\n", "", ""), "a?[2J?");
}

TEST(ProcessLimits, OnlyThoseThatAreSetAreDescribed) {
    EXPECT_TRUE(Describe(ProcessLimits{}).empty());
    const auto settings = Describe({.memory_bytes = 1024, .cpus = 2, .nice = 3});
    ASSERT_EQ(settings.size(), 3U);
    EXPECT_EQ(settings[0].second, "1024");
}

}  // namespace
}  // namespace holdfast::worker
