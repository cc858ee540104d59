#include "load/engine/response_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace holdfast::load {
namespace {

using Status = ResponseReader::Status;

struct Seen {
    Status status = Status::kMore;
    std::uint16_t code = 0;
    std::string body;
    std::vector<std::string> headers;
    bool keep_alive = false;
    bool extra = false;
    std::string head;

    bool operator==(const Seen&) const = default;
};

/// Feeds the pieces, and after each lets another reader use the shared room for headers.
Seen Read(const std::vector<std::string>& pieces, bool to_head = false, bool end = false) {
    std::vector<HeaderView> room;
    ResponseReader reader(room);
    ResponseReader other(room);
    reader.Begin(to_head);
    Seen seen;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        // A copy of its own, gone after the call, unless it is the last.
        std::string piece = pieces[i];
        seen.status = reader.Feed(i + 1 == pieces.size() ? pieces[i] : piece);
        if (seen.status != Status::kMore) break;
        piece.assign(piece.size(), '?');
        other.Begin(false);
        other.Feed("HTTP/1.1 204 Nothing\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n");
    }
    if (end && seen.status == Status::kMore && reader.FeedEnd()) seen.status = Status::kDone;
    if (seen.status != Status::kDone) return seen;
    seen.code = reader.response().status;
    seen.body = reader.response().body;
    for (const HeaderView& header : reader.response().headers) {
        seen.headers.push_back(std::string(header.name) + "=" + std::string(header.value));
    }
    seen.keep_alive = reader.keep_alive();
    seen.extra = reader.extra();
    seen.head = reader.head();
    return seen;
}

/// The same in one piece, in two pieces cut at every byte, and byte by byte.
Seen ReadEveryWay(const std::string& bytes, bool to_head = false, bool end = false) {
    const Seen whole = Read({bytes}, to_head, end);
    std::vector<std::string> single;
    for (const char c : bytes) single.emplace_back(1, c);
    EXPECT_EQ(Read(single, to_head, end), whole) << "byte by byte";
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        EXPECT_EQ(Read({bytes.substr(0, cut), bytes.substr(cut)}, to_head, end), whole)
            << "cut at " << cut;
    }
    return whole;
}

TEST(ResponseReaderTest, ABodyOfAKnownLength) {
    const Seen seen = ReadEveryWay(
        "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(seen.status, Status::kDone);
    EXPECT_EQ(seen.code, 201);
    EXPECT_EQ(seen.body, "hello");
    EXPECT_TRUE(seen.keep_alive);
    EXPECT_FALSE(seen.extra);
    EXPECT_EQ(seen.headers,
              (std::vector<std::string>{"Content-Type=text/plain", "Content-Length=5"}));
    EXPECT_THAT(seen.head, ::testing::StartsWith("HTTP/1.1 201 Created\r\n"));
    EXPECT_THAT(seen.head, ::testing::EndsWith("\r\n\r\n"));
}

TEST(ResponseReaderTest, AnEmptyBody) {
    EXPECT_EQ(ReadEveryWay("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").status, Status::kDone);
    EXPECT_EQ(ReadEveryWay("HTTP/1.1 204 No Content\r\n\r\n").status, Status::kDone);
    EXPECT_EQ(ReadEveryWay("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").status,
              Status::kDone);
}

TEST(ResponseReaderTest, AnAnswerToHeadHasNoBodyWhateverItsLengthSays) {
    const Seen seen = ReadEveryWay("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", true);
    EXPECT_EQ(seen.status, Status::kDone);
    EXPECT_EQ(seen.body, "");
}

TEST(ResponseReaderTest, AChunkedBodyIsJoined) {
    const Seen seen = ReadEveryWay(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n1;ext=1\r\n \r\n00a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
    EXPECT_EQ(seen.status, Status::kDone);
    EXPECT_EQ(seen.body, "hello 0123456789");
    EXPECT_EQ(seen.headers, std::vector<std::string>{"Transfer-Encoding=chunked"});
    EXPECT_FALSE(seen.extra);
}

TEST(ResponseReaderTest, ABodyThatEndsWithItsConnection) {
    const Seen seen = ReadEveryWay("HTTP/1.1 200 OK\r\n\r\nto the end", false, true);
    EXPECT_EQ(seen.status, Status::kDone);
    EXPECT_EQ(seen.body, "to the end");
    EXPECT_FALSE(seen.keep_alive);
    EXPECT_EQ(Read({"HTTP/1.1 200 OK\r\n\r\n"}, false, true).status, Status::kDone);
}

TEST(ResponseReaderTest, InterimAnswersArePassedOver) {
    const Seen seen = ReadEveryWay(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(seen.code, 200);
    EXPECT_EQ(seen.body, "ok");
    EXPECT_EQ(seen.headers.size(), 1U);
}

TEST(ResponseReaderTest, MoreThanOneAnswerIsSeen) {
    const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    EXPECT_TRUE(Read({one + one}).extra);
    EXPECT_TRUE(Read({one.substr(0, 39), one.substr(39) + "x"}).extra);
    EXPECT_TRUE(Read({"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1"}).extra);
    EXPECT_TRUE(
        Read({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200"}).extra);
    EXPECT_TRUE(Read({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"}, true).extra);
}

TEST(ResponseReaderTest, TruncatedAnswersAreNotWhole) {
    for (const std::string bytes :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200 OK\r\nContent-Le",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
          "HTTP/1.1 100 Continue\r\n\r\n"}) {
        EXPECT_EQ(ReadEveryWay(bytes, false, true).status, Status::kMore) << bytes;
    }
}

TEST(ResponseReaderTest, WhatIsNotHttpIsMalformed) {
    for (const std::string bytes :
         {"garbage\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n"}) {
        EXPECT_EQ(Read({bytes}).status, Status::kMalformed) << bytes;
    }
    // Said at once, not when the step's timeout has passed.
    EXPECT_EQ(Read({"SSH-2.0"}).status, Status::kMalformed);
}

TEST(ResponseReaderTest, HeadAndBodyAreBounded) {
    std::string endless = "HTTP/1.1 200 OK\r\nA: ";
    endless.append(ResponseReader::kMaxHead, 'a');
    EXPECT_EQ(Read({endless}).status, Status::kMalformed);

    const std::string length = std::to_string(ResponseReader::kMaxBody + 1);
    EXPECT_EQ(Read({"HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n"}).status,
              Status::kMalformed);

    const std::string piece(1024 * 1024, 'x');
    std::vector<std::string> pieces = {"HTTP/1.1 200 OK\r\n\r\n"};
    pieces.insert(pieces.end(), 17, piece);
    EXPECT_EQ(Read(pieces).status, Status::kMalformed);
    pieces = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
    pieces.insert(pieces.end(), 17, "100000\r\n" + piece + "\r\n");
    EXPECT_EQ(Read(pieces).status, Status::kMalformed);
    EXPECT_EQ(Read({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
                    std::string(ResponseReader::kMaxHead + 1, 'e')})
                  .status,
              Status::kMalformed);
}

TEST(ResponseReaderTest, WhetherTheConnectionLivesOn) {
    EXPECT_FALSE(
        Read({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}).keep_alive);
    EXPECT_FALSE(Read({"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}).keep_alive);
    EXPECT_FALSE(Read({"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"}).keep_alive);
}

TEST(ResponseReaderTest, OneReaderReadsOneAnswerAfterTheOther) {
    std::vector<HeaderView> room;
    ResponseReader reader(room);
    for (int i = 0; i < 3; ++i) {
        reader.Begin(false);
        EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n"),
                  Status::kMore);
        EXPECT_EQ(reader.Feed("ok\r\n0\r\n\r\n"), Status::kDone);
        EXPECT_EQ(reader.response().body, "ok");
        reader.Begin(false);
        EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), Status::kDone);
        EXPECT_EQ(reader.response().body.size(), 1U);
    }
}

}  // namespace
}  // namespace holdfast::load
