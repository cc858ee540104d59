#include "gateway/http/reply_check.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::gateway::http {
namespace {

Reply Make(std::uint32_t status, std::string body) {
    Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

bool HasFault(const Reply& reply, bool head_request = false) {
    return FindFault(reply, 100, head_request).has_value();
}

TEST(ReplyCheck, TakesStatusesThatEndARequest) {
    EXPECT_FALSE(HasFault(Make(200, "x")));
    EXPECT_FALSE(HasFault(Make(599, "x")));
    for (const std::uint32_t status : {0U, 99U, 100U, 101U, 199U, 600U, 4'000'000'000U}) {
        EXPECT_TRUE(HasFault(Make(status, ""))) << status;
    }
}

TEST(ReplyCheck, SomeStatusesComeWithoutABody) {
    for (const std::uint32_t status : {204U, 205U, 304U}) {
        EXPECT_FALSE(HasFault(Make(status, "")));
        EXPECT_TRUE(HasFault(Make(status, "x")));
    }
}

TEST(ReplyCheck, HeadersCannotSplitTheResponse) {
    for (const std::string& value :
         {std::string("a\r\nb: c"), std::string("a\nb"), std::string("a\rb"),
          std::string("a\0b", 3), std::string("\x7f")}) {
        Reply reply = Make(200, "");
        reply.headers.Append("x", value);
        EXPECT_TRUE(HasFault(reply));
    }
    for (const char* name : {"", "a b", "a:", "a\r\nb", "\xc3\xa4"}) {
        Reply reply = Make(200, "");
        reply.headers.Append(name, "v");
        EXPECT_TRUE(HasFault(reply)) << name;
    }
    Reply reply = Make(200, "");
    reply.headers.Append("X-Text", "tab\tand \xc3\xa4");
    EXPECT_FALSE(HasFault(reply));
}

TEST(ReplyCheck, AContentLengthMustBeTheBodys) {
    for (const char* length : {"2", "", "x", "+3", "3 ", "3, 3", "99999999999999999999"}) {
        Reply reply = Make(200, "abc");
        reply.headers.Append("Content-Length", length);
        EXPECT_TRUE(HasFault(reply)) << length;
    }
    Reply reply = Make(200, "abc");
    reply.headers.Append("content-length", "3");
    EXPECT_FALSE(HasFault(reply));
    reply.headers.Append("content-length", "3");
    EXPECT_TRUE(HasFault(reply));
    Reply head = Make(200, "");
    head.headers.Append("content-length", "3");
    EXPECT_TRUE(HasFault(head));
    EXPECT_FALSE(HasFault(head, true));
}

TEST(ReplyCheck, HeadersHaveALimit) {
    Reply reply = Make(200, "");
    reply.headers.Append("x", std::string(95, 'a'));
    EXPECT_FALSE(HasFault(reply));
    reply.headers.Append("y", "");
    EXPECT_TRUE(HasFault(reply));
}

}  // namespace
}  // namespace holdfast::gateway::http
