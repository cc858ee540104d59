#include "gateway/bus/stream_guard.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace holdfast::gateway {
namespace {

constexpr int kListening = 1 << 20;  // numbers that no descriptor has
constexpr int kDescriptor = kListening + 1;
constexpr int kOther = kListening + 2;

class StreamGuardTest : public testing::Test {
  protected:
    static std::string Begin() {
        std::string bytes = "\xFF" + std::string(8, '\0') + "\x7F\x03";
        bytes.resize(64);
        return bytes + "\x04\x06\x05READY";
    }
    std::ptrdiff_t Receive(int descriptor, std::string bytes) {
        errno = 0;
        return guard_.OnReceived(descriptor, bytes.data(),
                                 static_cast<std::ptrdiff_t>(bytes.size()));
    }
    std::ptrdiff_t Fail(int descriptor, int error) {
        char byte = 0;
        errno = error;
        return guard_.OnReceived(descriptor, &byte, error == 0 ? 0 : -1);
    }
    void ExpectRefused(std::ptrdiff_t received) {
        EXPECT_EQ(received, -1);
        EXPECT_EQ(errno, ECONNRESET);
    }

    StreamGuard guard_{kListening};
};

TEST_F(StreamGuardTest, GoodBytesPass) {
    guard_.OnAccepted(kDescriptor);
    const auto size = static_cast<std::ptrdiff_t>(Begin().size());
    EXPECT_EQ(Receive(kDescriptor, Begin()), size);
    EXPECT_FALSE(guard_.HasNews());
}

TEST_F(StreamGuardTest, AMessageOfMoreFramesIsAResetAndTold) {
    guard_.OnAccepted(kDescriptor);
    ExpectRefused(Receive(kDescriptor, Begin() + "\x01"));
    ASSERT_TRUE(guard_.HasNews());
    const StreamGuard::News news = guard_.TakeNews();
    EXPECT_EQ(news.disconnected, 1U);
    EXPECT_EQ(news.latest, "a peer that has gone");
    EXPECT_FALSE(guard_.HasNews());
    EXPECT_EQ(guard_.TakeNews().disconnected, 0U);
    // Whatever is still read from it.
    ExpectRefused(Receive(kDescriptor, "x"));
}

TEST_F(StreamGuardTest, WhoDoesNotBeginLikeAWorkerIsAResetAndCountedByTheHandshakeAlone) {
    guard_.OnAccepted(kDescriptor);
    ExpectRefused(Receive(kDescriptor, "GET / HTTP/1.1\r\n"));
    EXPECT_FALSE(guard_.HasNews());
}

TEST_F(StreamGuardTest, ReadsOfCommandsAloneSayThatThereIsNothingYet) {
    guard_.OnAccepted(kDescriptor);
    Receive(kDescriptor, Begin());
    EXPECT_EQ(Receive(kDescriptor, std::string("\x04\x07\x04PING\0\0", 9)), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(guard_.TakeNews().ignored, 1U);
}

TEST_F(StreamGuardTest, ConnectionsAreJudgedApart) {
    guard_.OnAccepted(kDescriptor);
    guard_.OnAccepted(kOther);
    Receive(kDescriptor, Begin());
    Receive(kOther, Begin());
    ExpectRefused(Receive(kDescriptor, "\x01"));
    EXPECT_EQ(Receive(kOther, std::string("\x00\x01y", 3)), 3);
}

TEST_F(StreamGuardTest, ANumberThatComesAgainIsAnotherConnection) {
    guard_.OnAccepted(kDescriptor);
    Receive(kDescriptor, Begin() + std::string("\x00\x05half", 6));
    guard_.OnAccepted(kDescriptor);
    EXPECT_GT(Receive(kDescriptor, Begin()), 0);
    ExpectRefused(Receive(kDescriptor, "\x03"));
}

TEST_F(StreamGuardTest, WhatWasNeverAcceptedOrHasEndedIsRefused) {
    ExpectRefused(Receive(kDescriptor, Begin()));
    for (const int error : {0, ECONNRESET, ETIMEDOUT}) {
        guard_.OnAccepted(kDescriptor);
        EXPECT_LE(Fail(kDescriptor, error), 0);
        EXPECT_EQ(errno, error);
        ExpectRefused(Receive(kDescriptor, Begin()));
    }
    for (const int error : {EAGAIN, EINTR}) {
        guard_.OnAccepted(kDescriptor);
        EXPECT_EQ(Fail(kDescriptor, error), -1);
        EXPECT_EQ(errno, error);
        EXPECT_GT(Receive(kDescriptor, Begin()), 0);
    }
}

}  // namespace
}  // namespace holdfast::gateway
