#include "load/run/frame.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace holdfast::load {
namespace {

class Frames : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
    void TearDown() override {
        for (const int end : ends_) close(end);
    }
    int ends_[2];
};

TEST_F(Frames, ComeAsTheyWereSent) {
    EXPECT_TRUE(WriteFrame(ends_[0], Frame::Type::kUp, ""));
    EXPECT_TRUE(WriteFrame(ends_[0], Frame::Type::kDone, std::string("a\0b", 3)));
    FrameReader reader;
    ASSERT_TRUE(reader.ReadFrom(ends_[1]));
    const auto first = reader.Next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->type, Frame::Type::kUp);
    EXPECT_EQ(first->payload, "");
    const auto second = reader.Next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->payload, std::string("a\0b", 3));
    EXPECT_FALSE(reader.Next());
}

TEST_F(Frames, LongOnesComeInPieces) {
    const std::string payload(5'000'000, 'x');
    std::thread writer([&] { WriteFrame(ends_[0], Frame::Type::kInterval, payload); });
    FrameReader reader;
    std::optional<Frame> frame;
    int reads = 0;
    while (!frame && reader.ReadFrom(ends_[1])) {
        frame = reader.Next();
        ++reads;
    }
    writer.join();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, payload);
    EXPECT_GT(reads, 1);
}

TEST_F(Frames, ALengthThatNoFrameHasEndsTheReading) {
    for (const char* bytes : {"\0\0\0\0", "\xff\xff\xff\xff"}) {
        FrameReader reader;
        ASSERT_EQ(write(ends_[0], bytes, 4), 4);
        EXPECT_TRUE(reader.ReadFrom(ends_[1]));
        EXPECT_FALSE(reader.Next());
        ASSERT_EQ(write(ends_[0], "more", 4), 4);
        EXPECT_FALSE(reader.ReadFrom(ends_[1]));
    }
}

TEST_F(Frames, AWriterIsToldThatTheReaderHasGone) {
    close(ends_[1]);
    EXPECT_FALSE(WriteFrame(ends_[0], Frame::Type::kUp, "x"));
    ends_[1] = dup(ends_[0]);
}

}  // namespace
}  // namespace holdfast::load
