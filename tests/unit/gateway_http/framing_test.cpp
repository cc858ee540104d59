#include "gateway/http/framing.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/http/chunked_body.h"
#include "gateway/http/head_parser.h"

namespace holdfast::gateway::http {
namespace {

struct Parsed {
    std::optional<Reject> reason;
    Framing framing;
};

Parsed Check(const std::string& head) {
    static std::string text;
    static RequestHead parsed;
    text = head;
    Parsed result;
    result.reason = ParseHead(text, parsed);
    if (!result.reason) result.reason = CheckFraming(parsed, result.framing);
    return result;
}

const std::string kStart = "POST / HTTP/1.1\r\nHost: h\r\n";

TEST(Framing, TakesOneLengthOrOneChunked) {
    EXPECT_EQ(Check(kStart + "Content-Length: 12\r\n\r\n").framing.length, 12U);
    EXPECT_TRUE(Check(kStart + "Transfer-Encoding: Chunked\r\n\r\n").framing.chunked);
    EXPECT_FALSE(Check(kStart + "\r\n").framing.has_body());
}

TEST(Framing, RefusesEveryAmbiguity) {
    EXPECT_TRUE(Check(kStart + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n").reason);
    EXPECT_TRUE(Check(kStart + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").reason);
    EXPECT_TRUE(Check(kStart + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n").reason);
    EXPECT_EQ(Check(kStart + "Transfer-Encoding: gzip, chunked\r\n\r\n").reason,
              Reject::kCodingUnknown);
    EXPECT_EQ(Check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").reason,
              Reject::kCodingInHttp10);
    EXPECT_EQ(Check("GET / HTTP/1.1\r\n\r\n").reason, Reject::kHostMissing);
    EXPECT_EQ(Check("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").reason, Reject::kHostRepeated);
    EXPECT_EQ(Check("GET / HTTP/1.0\r\n\r\n").reason, std::nullopt);
}

TEST(Framing, KnowsWhatBecomesOfTheConnection) {
    EXPECT_TRUE(Check(kStart + "\r\n").framing.keep_alive);
    EXPECT_FALSE(Check(kStart + "Connection: x, CLOSE\r\n\r\n").framing.keep_alive);
    EXPECT_FALSE(Check("GET / HTTP/1.0\r\n\r\n").framing.keep_alive);
    EXPECT_TRUE(Check("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").framing.keep_alive);
    EXPECT_TRUE(Check(kStart + "Connection: x\r\n\r\n").framing.has_connection_options);
    EXPECT_FALSE(Check(kStart + "Connection: keep-alive\r\n\r\n").framing.has_connection_options);
}

TEST(Framing, ChecksTheHost) {
    for (const char* good : {"h", "a.b:80", "127.0.0.1:8080", "[::1]", "[::1]:80", "a_b", "h:"}) {
        EXPECT_TRUE(IsValidHost(good)) << good;
    }
    for (const char* bad : {"", ":80", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[]", "[::1]x", "a b",
                            "h:123456", "[g::1]"}) {
        EXPECT_FALSE(IsValidHost(bad)) << bad;
    }
}

struct Collect final : ChunkedBody::Sink {
    bool OnPiece(std::string_view piece) override {
        body += piece;
        return body.size() <= limit;
    }
    std::string body;
    std::size_t limit = 1000;
};

TEST(ChunkedBody, IsTheSameHoweverItArrives) {
    const std::string text = "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        ChunkedBody chunks;
        Collect sink;
        std::string pending;
        auto status = ChunkedBody::Status::kMore;
        for (std::size_t at = 0; at < text.size(); at += step) {
            pending += text.substr(at, step);
            ChunkedBody::Result result;
            do {
                result = chunks.Feed(pending, sink);
                pending.erase(0, result.consumed);
            } while (result.consumed > 0 && result.status == ChunkedBody::Status::kMore);
            status = result.status;
        }
        EXPECT_EQ(status, ChunkedBody::Status::kDone) << step;
        EXPECT_EQ(sink.body, "hello world");
        EXPECT_EQ(pending, "");
    }
}

TEST(ChunkedBody, AnEmptyBodyMayArriveByteByByte) {
    const std::string text = "0\r\n\r\n";
    ChunkedBody chunks;
    Collect sink;
    for (std::size_t size = 1; size < text.size(); ++size) {
        const auto result = chunks.Feed(std::string_view(text).substr(0, size), sink);
        EXPECT_EQ(result.status, ChunkedBody::Status::kMore);
        EXPECT_EQ(result.consumed, 0U);
    }
    EXPECT_EQ(chunks.Feed(text, sink).status, ChunkedBody::Status::kDone);
}

TEST(ChunkedBody, LeavesWhatComesBehindIt) {
    ChunkedBody chunks;
    Collect sink;
    const std::string text = "1\r\na\r\n0\r\n\r\n";
    std::string pending = text + "GET / HTTP/1.1\r\n";
    ChunkedBody::Result result;
    do {
        result = chunks.Feed(pending, sink);
        pending.erase(0, result.consumed);
    } while (result.status == ChunkedBody::Status::kMore);
    EXPECT_EQ(result.status, ChunkedBody::Status::kDone);
    EXPECT_EQ(pending, "GET / HTTP/1.1\r\n");
}

TEST(ChunkedBody, StopsWhenItsSinkRefuses) {
    ChunkedBody chunks;
    Collect sink;
    sink.limit = 3;
    EXPECT_EQ(chunks.Feed("5\r\nhello\r\n", sink).status, ChunkedBody::Status::kRefused);
}

}  // namespace
}  // namespace holdfast::gateway::http
