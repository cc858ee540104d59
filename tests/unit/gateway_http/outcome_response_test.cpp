#include "gateway/http/outcome_response.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "gateway/http/response_text.h"

namespace holdfast::gateway::http {
namespace {

TEST(OutcomeResponse, TheTableIsThisOne) {
    std::string table;
    for (std::size_t i = 0; i < kOutcomeCount; ++i) {
        for (const Progress progress :
             {Progress::kNeverSent, Progress::kSent, Progress::kStarted}) {
            const ProblemAnswer answer = AnswerFor(static_cast<Outcome>(i), progress);
            table += std::string(Name(static_cast<Outcome>(i))) + "/" +
                     std::string(Name(progress)) + " " + std::to_string(answer.status) + " " +
                     std::string(Name(answer.processed)) + (answer.retry_after ? " retry" : "") +
                     "\n";
        }
    }
    EXPECT_EQ(table,
              "replied/no 0 no\n"
              "replied/unknown 0 unknown\n"
              "replied/started 0 started\n"
              "unavailable/no 503 no retry\n"
              "unavailable/unknown 503 unknown\n"
              "unavailable/started 503 unknown\n"
              "overloaded/no 503 no retry\n"
              "overloaded/unknown 503 unknown\n"
              "overloaded/started 503 started\n"
              "no-worker/no 503 no retry\n"
              "no-worker/unknown 503 unknown\n"
              "no-worker/started 503 started\n"
              "timed-out/no 504 no\n"
              "timed-out/unknown 504 unknown\n"
              "timed-out/started 504 started\n"
              "worker-lost/no 503 no retry\n"
              "worker-lost/unknown 502 unknown\n"
              "worker-lost/started 502 started\n"
              "worker-error/no 502 no\n"
              "worker-error/unknown 502 unknown\n"
              "worker-error/started 502 started\n"
              "shutting-down/no 503 no retry\n"
              "shutting-down/unknown 502 unknown\n"
              "shutting-down/started 502 started\n"
              "cancelled/no 0 no\n"
              "cancelled/unknown 0 unknown\n"
              "cancelled/started 0 started\n"
              "rejected/no 400 no\n"
              "rejected/unknown 400 no\n"
              "rejected/started 400 no\n");
}

TEST(OutcomeResponse, EveryRejectHasAStatusOfTheTableAndASlugOfItsOwn) {
    const std::set<unsigned> statuses = {400, 404, 405, 408, 411, 413,
                                         414, 415, 417, 431, 501, 505};
    std::set<std::string_view> slugs;
    for (std::size_t i = 0; i < kRejectCount; ++i) {
        const RejectInfo& info = Describe(static_cast<Reject>(i));
        EXPECT_TRUE(statuses.contains(info.status)) << info.slug;
        EXPECT_TRUE(slugs.insert(info.slug).second) << info.slug;
        EXPECT_FALSE(ReasonPhrase(info.status).empty());
        EXPECT_EQ(info.detail.find_first_of("\"\\"), std::string_view::npos);
    }
}

ResponseContext Context() {
    return {.id = CorrelationId(0x1234U),
            .date = "Sun, 06 Nov 1994 08:49:37 GMT",
            .server_name = {},
            .retry_after = 2,
            .keep_alive = true,
            .http10 = false,
            .head_request = false};
}

TEST(ResponseText, AProblemIsThisText) {
    std::string text;
    AppendProblem(text, Context(), AnswerFor(Outcome::kNoWorker, Progress::kNeverSent), {});
    const std::string body =
        R"({"type":"urn:holdfast:problem:no-worker","title":"No worker for this service","status":503,)"
        R"("detail":"The request was not processed; it is safe to retry.","correlationId":"0000000000001234"})"
        "\n";
    EXPECT_EQ(
        text,
        "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Holdfast-Outcome: no-worker\r\nHoldfast-Correlation-Id: 0000000000001234\r\n"
        "Holdfast-Processed: no\r\nRetry-After: 2\r\nContent-Type: application/problem+json\r\n"
        "Content-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
}

TEST(ResponseText, TheWorkerDoesNotSpeakForTheGateway) {
    Reply reply;
    reply.status = 200;
    reply.body = "body";
    for (const char* name : {"Connection", "Content-Length", "Date", "Transfer-Encoding",
                             "Holdfast-Outcome", "keep-alive", "Upgrade"}) {
        reply.headers.Append(name, "4");
    }
    reply.headers.Append("X-Own", "kept");
    std::string text;
    AppendReplyHead(text, Context(), reply);
    EXPECT_EQ(
        text,
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nHoldfast-Outcome: replied\r\n"
        "Holdfast-Correlation-Id: 0000000000001234\r\nX-Own: kept\r\nContent-Length: 4\r\n\r\n");
}

TEST(ResponseText, WhatIsCopiedIntoTheAnswerIsFreed) {
    const std::size_t nothing = std::string().capacity();
    for (const std::size_t size : {std::size_t{16} << 10U, (std::size_t{16} << 10U) + 1}) {
        for (const bool head_request : {false, true}) {
            Reply reply;
            reply.status = 200;
            reply.body.assign(size, 'b');
            reply.headers.Append("x-large", std::string(1000, 'h'));
            ResponseContext context = Context();
            context.head_request = head_request;
            std::string text;
            AppendReply(text, context, reply);
            EXPECT_NE(text.find("Content-Length: " + std::to_string(size)), std::string::npos);
            EXPECT_LE(reply.headers.bytes(), nothing);
            const bool copied = size <= 16U << 10U;
            const std::size_t stays = head_request || copied ? 0 : size;
            EXPECT_EQ(reply.body.size(), stays);
            if (stays == 0) {
                EXPECT_LE(reply.body.capacity(), nothing);
            }
            EXPECT_EQ(text.ends_with(std::string(size, 'b')), copied && !head_request);
        }
    }
}

TEST(ResponseText, StatusesWithoutABodyHaveNoLength) {
    for (const std::uint32_t status : {204U, 304U}) {
        Reply reply;
        reply.status = status;
        std::string text;
        AppendReplyHead(text, Context(), reply);
        EXPECT_EQ(text.find("Content-Length"), std::string::npos);
    }
}

TEST(ResponseText, AHeadAnswerMayAnnounceTheLengthThatTheWorkerGives) {
    Reply reply;
    reply.status = 200;
    reply.headers.Append("content-length", "77");
    ResponseContext context = Context();
    context.head_request = true;
    std::string text;
    AppendReplyHead(text, context, reply);
    EXPECT_NE(text.find("Content-Length: 77\r\n"), std::string::npos);
}

TEST(ResponseText, DatesAreWrittenAsHttpWantsThem) {
    EXPECT_EQ(FormatHttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(FormatHttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace holdfast::gateway::http
