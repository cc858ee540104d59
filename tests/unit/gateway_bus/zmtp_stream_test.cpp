#include "gateway/bus/zmtp_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <string_view>

namespace holdfast::gateway {
namespace {

using Verdict = ZmtpStream::Verdict;

std::string Greeting(char version = 3) {
    std::string greeting = "\xFF" + std::string(8, '\0') + "\x7F";
    greeting += version;
    greeting += '\0';
    greeting += "NULL";
    greeting.resize(64);
    return greeting;
}

std::string Frame(unsigned flags, std::string_view body) {
    std::string frame;
    if (body.size() > 255) {
        frame += static_cast<char>(flags | 2U);
        for (unsigned shift = 64; shift != 0; shift -= 8) {
            frame += static_cast<char>(body.size() >> (shift - 8) & 0xFFU);
        }
    } else {
        frame += static_cast<char>(flags);
        frame += static_cast<char>(body.size());
    }
    return frame + std::string(body);
}

const std::string kReady = Frame(4, "\5READY");
const std::string kPing = Frame(4, std::string("\4PING\0\0", 7));

struct Seen {
    Verdict verdict = Verdict::kGood;
    std::string kept;
    std::size_t ignored = 0;
};

/// Filters `bytes` as reads of the sizes that `next_size` gives.
Seen FilterAll(ZmtpStream& stream, std::string bytes,
               const std::function<std::size_t()>& next_size) {
    Seen seen;
    std::size_t at = 0;
    while (at < bytes.size() && seen.verdict == Verdict::kGood) {
        const std::size_t size = std::min(next_size(), bytes.size() - at);
        auto* const begin = reinterpret_cast<unsigned char*>(&bytes[at]);
        const ZmtpStream::Result result = stream.Filter({begin, size});
        seen.verdict = result.verdict;
        seen.ignored += result.ignored;
        if (result.verdict == Verdict::kGood) seen.kept.append(bytes, at, result.kept);
        at += size;
    }
    return seen;
}

Seen FilterWhole(const std::string& bytes) {
    ZmtpStream stream;
    return FilterAll(stream, bytes, [&] { return bytes.size(); });
}

TEST(ZmtpStream, WhatAWorkerSaysPassesAsItIs) {
    const std::string bytes = Greeting() + kReady + Frame(0, "") + Frame(0, "hello") +
                              Frame(0, std::string(255, 'a')) + Frame(0, std::string(256, 'b')) +
                              Frame(0, std::string(100'000, 'c'));
    const Seen seen = FilterWhole(bytes);
    EXPECT_EQ(seen.verdict, Verdict::kGood);
    EXPECT_EQ(seen.kept, bytes);
    EXPECT_EQ(seen.ignored, 0U);
}

TEST(ZmtpStream, AFrameThatIsNotTheLastOfItsMessageEndsItAtOnce) {
    for (const unsigned flags : {1U, 3U, 5U, 0xFFU}) {
        EXPECT_EQ(FilterWhole(Greeting() + kReady + Frame(flags, "x")).verdict,
                  Verdict::kMoreFrames);
        // Its flags alone tell: nothing of it has to come.
        EXPECT_EQ(
            FilterWhole(Greeting() + kReady + Frame(0, "y") + static_cast<char>(flags)).verdict,
            Verdict::kMoreFrames);
        EXPECT_EQ(FilterWhole(Greeting() + Frame(flags, "\5READY")).verdict, Verdict::kMoreFrames);
    }
}

TEST(ZmtpStream, CommandsAfterTheHandshakeAreCutOutAndCounted) {
    const std::string first = Frame(0, "first");
    const std::string second = Frame(0, std::string(300, 's'));
    const Seen seen =
        FilterWhole(Greeting() + kReady + kPing + first + kPing + kPing + Frame(4, "") + second +
                    Frame(4, std::string(5000, '\x01')) + Frame(0x0C, "reserved flags") + first);
    EXPECT_EQ(seen.verdict, Verdict::kGood);
    EXPECT_EQ(seen.kept, Greeting() + kReady + first + second + first);
    EXPECT_EQ(seen.ignored, 6U);
}

TEST(ZmtpStream, AReadOfCommandsAloneLeavesNothing) {
    ZmtpStream stream;
    const std::string begin = Greeting() + kReady;
    FilterAll(stream, begin, [&] { return begin.size(); });
    std::string pings = kPing + kPing;
    const auto result =
        stream.Filter({reinterpret_cast<unsigned char*>(pings.data()), pings.size()});
    EXPECT_EQ(result.verdict, Verdict::kGood);
    EXPECT_EQ(result.kept, 0U);
    EXPECT_EQ(result.ignored, 2U);
}

TEST(ZmtpStream, HowTheBytesAreCutIntoReadsChangesNothing) {
    const std::string bytes = Greeting() + kReady + kPing + Frame(0, "a") +
                              Frame(4, std::string(600, 'p')) + Frame(0, std::string(700, 'b')) +
                              Frame(0, "") + kPing + Frame(0, "c");
    const Seen whole = FilterWhole(bytes);
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        const std::size_t most = 1 + random() % 300;
        ZmtpStream stream;
        const Seen seen = FilterAll(stream, bytes, [&] { return 1 + random() % most; });
        ASSERT_EQ(seen.verdict, Verdict::kGood);
        ASSERT_EQ(seen.kept, whole.kept);
        ASSERT_EQ(seen.ignored, 3U);
    }
}

TEST(ZmtpStream, OnlyZmtpThreeAndLaterBegins) {
    EXPECT_EQ(FilterWhole(Greeting(4) + kReady).verdict, Verdict::kGood);
    for (const char version : {'\0', '\1', '\2'}) {
        EXPECT_EQ(FilterWhole(Greeting(version)).verdict, Verdict::kHandshake);
    }
    // ZMTP 1 without a version: a length and flags.
    EXPECT_EQ(FilterWhole(std::string("\x01\x00", 2)).verdict, Verdict::kHandshake);
    std::string even = Greeting();
    even[9] = '\x7E';
    EXPECT_EQ(FilterWhole(even).verdict, Verdict::kHandshake);
    EXPECT_EQ(FilterWhole("GET / HTTP/1.1\r\n").verdict, Verdict::kHandshake);
}

TEST(ZmtpStream, AHandshakeIsNoPlaceToStoreThings) {
    const auto most = static_cast<std::size_t>(ZmtpStream::kMaxHandshakeFrame);
    EXPECT_EQ(FilterWhole(Greeting() + Frame(4, std::string(most, 'x'))).verdict, Verdict::kGood);
    EXPECT_EQ(FilterWhole(Greeting() + Frame(4, std::string(most + 1, 'x'))).verdict,
              Verdict::kHandshake);
    EXPECT_EQ(FilterWhole(Greeting() + "\x06" + std::string(8, '\xFF')).verdict,
              Verdict::kHandshake);
}

TEST(ZmtpStream, AnyBytesEndOrPassButNeverGrow) {
    std::mt19937 random(11);
    for (int round = 0; round < 5000; ++round) {
        std::string bytes = Greeting() + kReady;
        const std::size_t more = random() % 400;
        for (std::size_t i = 0; i < more; ++i) bytes += static_cast<char>(random());
        ZmtpStream stream;
        const Seen seen = FilterAll(stream, bytes, [&] { return 1 + random() % 100; });
        ASSERT_LE(seen.kept.size(), bytes.size());
    }
}

}  // namespace
}  // namespace holdfast::gateway
