#include "load/engine/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::load {
namespace {

std::string WhyNot(const std::string& url) {
    try {
        ParseUrl(url);
    } catch (const TargetError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(TargetTest, AUrlIsTakenApart) {
    const Endpoint plain = ParseUrl("http://127.0.0.1:8080");
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(plain.host, "127.0.0.1");
    EXPECT_EQ(plain.port, "8080");
    EXPECT_EQ(plain.prefix, "");
    EXPECT_EQ(plain.host_header, "127.0.0.1:8080");

    const Endpoint prefixed = ParseUrl("https://shop.example/api/v2/");
    EXPECT_TRUE(prefixed.tls);
    EXPECT_EQ(prefixed.port, "443");
    EXPECT_EQ(prefixed.prefix, "/api/v2");
    EXPECT_EQ(prefixed.host_header, "shop.example");
}

TEST(TargetTest, AnIpv6NumberLosesItsBracketsButNotInTheHeader) {
    const Endpoint endpoint = ParseUrl("http://[::1]:81/");
    EXPECT_EQ(endpoint.host, "::1");
    EXPECT_EQ(endpoint.host_header, "[::1]:81");
    EXPECT_EQ(endpoint.prefix, "");
}

TEST(TargetTest, WhatIsNoTargetIsSaid) {
    using ::testing::HasSubstr;
    EXPECT_THAT(WhyNot("localhost:8080"), HasSubstr("neither http:// nor https://"));
    EXPECT_THAT(WhyNot("http://"), HasSubstr("no host"));
    EXPECT_THAT(WhyNot("http://host:0"), HasSubstr("no port from 1 to 65535"));
    EXPECT_THAT(WhyNot("http://host:65536"), HasSubstr("no port"));
    EXPECT_THAT(WhyNot("http://host:"), HasSubstr("no port"));
    EXPECT_THAT(WhyNot("http://[::1"), HasSubstr("no ]"));
    EXPECT_THAT(WhyNot("http://me:secret@host"), HasSubstr("user name"));
    EXPECT_THAT(WhyNot("http://host/?a=1"), HasSubstr("query"));
}

TEST(TargetTest, ANumberResolvesWithoutAName) {
    const auto addresses = Resolve(ParseUrl("http://127.0.0.1:8080"));
    ASSERT_EQ(addresses.size(), 1U);
    EXPECT_EQ(addresses[0].text, "127.0.0.1:8080");
    EXPECT_EQ(Resolve(ParseUrl("http://[::1]:9"))[0].text, "[::1]:9");
}

TEST(TargetTest, AHostThatIsNotThereIsNamed) {
    EXPECT_THROW(Resolve(ParseUrl("http://no-such-host.invalid:80")), TargetError);
}

}  // namespace
}  // namespace holdfast::load
