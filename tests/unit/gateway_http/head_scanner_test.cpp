#include "gateway/http/head_scanner.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::gateway::http {
namespace {

using Status = HeadScanner::Result::Status;
constexpr HeadScanner::Limits kLimits{.request_line = 40, .header_bytes = 60, .header_count = 3};

HeadScanner::Result ScanWhole(const std::string& text) {
    HeadScanner scanner;
    return scanner.Scan(text, kLimits);
}

/// The result of feeding one more byte at a time, until it is not incomplete.
HeadScanner::Result ScanByBytes(const std::string& text) {
    HeadScanner scanner;
    HeadScanner::Result result;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        result = scanner.Scan(std::string_view(text).substr(0, size), kLimits);
        if (result.status != Status::kIncomplete) break;
    }
    return result;
}

void ExpectRefused(const std::string& text, Reject reason) {
    SCOPED_TRACE(text);
    for (const auto& result : {ScanWhole(text), ScanByBytes(text)}) {
        EXPECT_EQ(result.status, Status::kRefused);
        EXPECT_EQ(result.reason, reason);
    }
}

TEST(HeadScanner, FindsTheEndHoweverTheBytesArrive) {
    const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody";
    for (const auto& result : {ScanWhole(text), ScanByBytes(text)}) {
        EXPECT_EQ(result.status, Status::kComplete);
        EXPECT_EQ(result.begin, 0U);
        EXPECT_EQ(result.end, text.size() - 4);
    }
}

TEST(HeadScanner, IgnoresOneEmptyLineBeforeTheRequestLine) {
    const auto result = ScanWhole("\r\nGET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(result.status, Status::kComplete);
    EXPECT_EQ(result.begin, 2U);
    ExpectRefused("\r\n\r\nGET / HTTP/1.1\r\n\r\n", Reject::kRequestLine);
}

TEST(HeadScanner, HoldsTheLimitsExactly) {
    const std::string fits = "GET /" + std::string(26, 'a') + " HTTP/1.1\r\n";
    ASSERT_EQ(fits.size(), 40U + 2U);
    EXPECT_EQ(ScanWhole(fits + "\r\n").status, Status::kComplete);
    EXPECT_EQ(ScanByBytes(fits + "\r\n").status, Status::kComplete);
    ExpectRefused("GET /" + std::string(27, 'a') + " HTTP/1.1\r\n\r\n",
                  Reject::kRequestLineTooLong);

    const std::string line = "GET / HTTP/1.1\r\n";
    EXPECT_EQ(ScanWhole(line + "a: " + std::string(55, 'b') + "\r\n\r\n").status,
              Status::kComplete);
    EXPECT_EQ(ScanByBytes(line + "a: " + std::string(55, 'b') + "\r\n\r\n").status,
              Status::kComplete);
    ExpectRefused(line + "a: " + std::string(56, 'b') + "\r\n\r\n", Reject::kHeadersTooLarge);

    EXPECT_EQ(ScanWhole(line + "a: b\r\na: b\r\na: b\r\n\r\n").status, Status::kComplete);
    ExpectRefused(line + "a: b\r\na: b\r\na: b\r\na: b\r\n\r\n", Reject::kTooManyHeaders);
}

TEST(HeadScanner, RefusesEndlessLinesBeforeTheyEnd) {
    ExpectRefused(std::string(60, 'a'), Reject::kRequestLineTooLong);
    ExpectRefused("GET / HTTP/1.1\r\na: " + std::string(80, 'b'), Reject::kHeadersTooLarge);
}

TEST(HeadScanner, RefusesWhatALenientParserWouldAccept) {
    const std::string line = "GET / HTTP/1.1\r\n";
    ExpectRefused("GET / HTTP/1.1\n\r\n", Reject::kBareLf);
    ExpectRefused(line + "a: b\n\r\n", Reject::kBareLf);
    ExpectRefused(line + "a: b\rc\r\n\r\n", Reject::kBareCr);
    ExpectRefused(line + std::string("a: \0\r\n\r\n", 8), Reject::kControlByte);
    ExpectRefused(line + "a: \x7f\r\n\r\n", Reject::kControlByte);
    ExpectRefused(line + "a: b\r\n c\r\n\r\n", Reject::kObsFold);
    ExpectRefused(line + "a : b\r\n\r\n", Reject::kSpaceInName);
    ExpectRefused(line + "a\r\n\r\n", Reject::kHeaderLine);
    ExpectRefused(line + ": b\r\n\r\n", Reject::kHeaderLine);
    EXPECT_EQ(ScanWhole(line + "a:\t\xe4 b\r\n\r\n").status, Status::kComplete);
}

TEST(HeadScanner, JudgesTheRequestLine) {
    EXPECT_EQ(CheckRequestLine("GET / HTTP/1.1"), std::nullopt);
    EXPECT_EQ(CheckRequestLine("GET / HTTP/1.0"), std::nullopt);
    EXPECT_EQ(CheckRequestLine("PRI * HTTP/2.0"), Reject::kVersion);
    EXPECT_EQ(CheckRequestLine("GET / HTTP/1.2"), Reject::kVersion);
    EXPECT_EQ(CheckRequestLine("GET / HTTP/11"), Reject::kRequestLine);
    EXPECT_EQ(CheckRequestLine("GET /"), Reject::kRequestLine);
    EXPECT_EQ(CheckRequestLine("GET  / HTTP/1.1"), Reject::kRequestLine);
    EXPECT_EQ(CheckRequestLine("GET /  HTTP/1.1"), Reject::kRequestLine);
    EXPECT_EQ(CheckRequestLine(std::string(33, 'A') + " / HTTP/1.1"), Reject::kMethodUnknown);
}

}  // namespace
}  // namespace holdfast::gateway::http
