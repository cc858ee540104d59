#include <gtest/gtest.h>
#include <holdfast/worker/reply_rules.hpp>

#include <cstdint>

namespace holdfast::worker {
namespace {

constexpr std::uint64_t kMaxReplyBytes = 100;
/// What a failed read() gives, taken for a size.
constexpr auto kMinusOne = static_cast<std::size_t>(-1);

holdfast_reply_v1 ReplyWith(const holdfast_field& header, holdfast_span body) {
    holdfast_reply_v1 reply{};
    reply.size = sizeof reply;
    reply.status = 200;
    reply.headers = {&header, 1};
    reply.body = body;
    return reply;
}

TEST(ReplyRules, TakeWhatIsAsLargeAsAllowed) {
    const std::string body(kMaxReplyBytes - 2, 'b');
    const holdfast_field header{{"a", 1}, {"b", 1}};
    EXPECT_EQ(CheckReply(ReplyWith(header, Span(body)), kMaxReplyBytes), "");
    EXPECT_NE(CheckReply(ReplyWith(header, Span(body)), kMaxReplyBytes - 1), "");
}

TEST(ReplyRules, RefuseASizeThatWrapsTheSumAround) {
    const holdfast_field header{{"a", 1}, {"b", 1}};
    const std::string problem = CheckReply(ReplyWith(header, {"x", kMinusOne}), kMaxReplyBytes);
    EXPECT_NE(problem.find("the gateway takes 100"), std::string::npos) << problem;
}

TEST(ReplyRules, ReadNothingOfAHeaderThatIsLargerThanTheReplyMayBe) {
    for (const holdfast_field& header :
         {holdfast_field{{"a", kMinusOne}, {"b", 1}}, holdfast_field{{"a", 1}, {"b", kMinusOne}},
          holdfast_field{{"a", kMinusOne}, {"b", kMinusOne}}}) {
        EXPECT_NE(CheckReply(ReplyWith(header, {}), kMaxReplyBytes), "");
    }
}

}  // namespace
}  // namespace holdfast::worker
