#include "load/result/interval.h"

#include <random>

#include <gtest/gtest.h>

#include "load/result/profile.h"

namespace holdfast::load {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Interval Sample(std::uint64_t seed, std::size_t steps = 2) {
    std::mt19937_64 random(seed);
    Interval interval;
    interval.second = 17;
    interval.steps.resize(steps);
    for (StepInterval& step : interval.steps) {
        step.sent = random() % 1000;
        step.answered = random() % 1000;
        for (auto& count : step.errors) count = random() % 3;
        step.statuses = {{201, random() % 900 + 1}, {503, random() % 9}};
        step.outcomes = {{"replied", random() % 900}, {"timed-out", 1}};
        step.bytes_in = random() % 1'000'000;
        step.bytes_out = random() % 1'000'000;
        for (int n = 0; n < 200; ++n) {
            const Duration value(static_cast<std::int64_t>(random() % 200'000'000));
            step.latency.Record(value);
            if (n % 10 != 0) step.good_latency.Record(value);
            step.service_time.Record(value / 2);
            step.blocked.Record(value / 8);
        }
    }
    interval.slip.Record(microseconds(40), 400);
    interval.in_flight = 12;
    interval.waiting = 3;
    interval.connections = 64;
    interval.connects = 2;
    interval.cpu = milliseconds(310);
    interval.notes = {"step order: status 503, expected 201", "no \xff UTF-8, and a \0 byte"};
    return interval;
}

TEST(IntervalTest, WhatItSerializesItParsesBack) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Interval interval = Sample(seed, seed % 4);
        const std::string bytes = interval.Serialize();
        Interval parsed;
        ASSERT_TRUE(Interval::Parse(bytes, parsed));
        EXPECT_EQ(parsed, interval);
        EXPECT_EQ(parsed.Serialize(), bytes);
    }
}

TEST(IntervalTest, BytesThatAreCutOrFollowedByMoreAreNone) {
    const std::string bytes = Sample(1).Serialize();
    Interval parsed;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(Interval::Parse(std::string_view(bytes).substr(0, size), parsed)) << size;
    }
    EXPECT_FALSE(Interval::Parse(bytes + '\0', parsed));
}

TEST(IntervalTest, BytesOfAnotherVersionAreNone) {
    std::string bytes = Sample(1).Serialize();
    bytes.front() = 2;
    Interval parsed;
    EXPECT_FALSE(Interval::Parse(bytes, parsed));
}

TEST(IntervalTest, CpuTimeThatWouldOverflowASumIsNone) {
    Interval interval = Sample(1);
    Interval parsed;
    interval.cpu = std::chrono::hours(24 * 31);
    EXPECT_TRUE(Interval::Parse(interval.Serialize(), parsed));
    interval.cpu += std::chrono::nanoseconds(1);
    EXPECT_FALSE(Interval::Parse(interval.Serialize(), parsed));
}

TEST(IntervalTest, EveryBitThatFlipsGivesAnotherIntervalOrNone) {
    const Interval interval = Sample(4, 1);
    std::string bytes = interval.Serialize();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            const char before = bytes[at];
            bytes[at] = static_cast<char>(static_cast<unsigned char>(before) ^ (1U << bit));
            Interval parsed;
            if (Interval::Parse(bytes, parsed)) {
                EXPECT_EQ(parsed.Serialize(), bytes);
            }
            bytes[at] = before;
        }
    }
}

TEST(IntervalTest, MergedItIsTheSumOfBoth) {
    const Interval left = Sample(1, 1);
    const Interval right = Sample(2, 3);
    Interval merged = left;
    merged.Merge(right);
    ASSERT_EQ(merged.steps.size(), 3U);
    EXPECT_EQ(merged.steps[0].sent, left.steps[0].sent + right.steps[0].sent);
    EXPECT_EQ(merged.steps[0].answered, left.steps[0].answered + right.steps[0].answered);
    EXPECT_EQ(merged.steps[0].statuses[201],
              left.steps[0].statuses.at(201) + right.steps[0].statuses.at(201));
    EXPECT_EQ(merged.steps[0].outcomes["timed-out"], 2U);
    EXPECT_EQ(merged.steps[0].good_latency.count(), 360U);
    EXPECT_EQ(merged.steps[2], right.steps[2]);
    EXPECT_EQ(merged.slip.count(), 800U);
    EXPECT_EQ(merged.in_flight, 24U);
    EXPECT_EQ(merged.connections, 128U);
    EXPECT_EQ(merged.cpu, milliseconds(620));
    EXPECT_EQ(merged.notes.size(), 4U);
    EXPECT_EQ(merged.second, 17U);
}

TEST(IntervalTest, NotesStayFewAndShort) {
    Interval interval;
    interval.notes.assign(7, "a");
    Interval other;
    other.notes.assign(7, std::string(10'000, 'b'));
    interval.Merge(other);
    ASSERT_EQ(interval.notes.size(), Interval::kMaxNotes);
    Interval parsed;
    ASSERT_TRUE(Interval::Parse(interval.Serialize(), parsed));
    EXPECT_EQ(parsed.notes.back().size(), Interval::kMaxText);
}

TEST(ProfileTest, ItsLengthIsThatOfItsStages) {
    LoadProfile load;
    load.stages = {{0, 100, std::chrono::seconds(10)}, {100, 100, std::chrono::seconds(50)}};
    EXPECT_EQ(load.Length(), std::chrono::seconds(60));
    load.mode = LoadMode::kFindLimit;
    EXPECT_EQ(load.Length(), Duration{});
}

}  // namespace
}  // namespace holdfast::load
