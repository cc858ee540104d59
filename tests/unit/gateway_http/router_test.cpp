#include "gateway/http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "gateway/http/path.h"

namespace holdfast::gateway::http {
namespace {

Route Make(const std::string& path, std::vector<std::string> methods = {"GET"}) {
    Route route;
    route.path = path;
    route.methods = std::move(methods);
    return route;
}

std::string Found(const Router& router, std::string_view path, std::string_view method = "GET") {
    std::vector<std::string_view> values;
    const Endpoint* endpoint = router.Match(path, values);
    if (endpoint == nullptr) return "none";
    const Endpoint::Entry* entry = endpoint->Find(method);
    if (entry == nullptr) return "not allowed: " + endpoint->allow;
    std::string text = entry->route->path;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += " " + entry->parameter_names.at(i) + "=" + std::string(values[i]);
    }
    return text;
}

TEST(Router, PrefersLiteralTextThenOneSegmentThenTheRest) {
    const Router router({Make("/"), Make("/a/{id}"), Make("/a/b"), Make("/a/{rest...}"),
                         Make("/a/{id}/c"), Make("/x/{y}/z")});
    EXPECT_EQ(Found(router, "/"), "/");
    EXPECT_EQ(Found(router, "/a/b"), "/a/b");
    EXPECT_EQ(Found(router, "/a/q"), "/a/{id} id=q");
    EXPECT_EQ(Found(router, "/a/q/c"), "/a/{id}/c id=q");
    EXPECT_EQ(Found(router, "/a/q/d"), "/a/{rest...} rest=q/d");
    EXPECT_EQ(Found(router, "/a/b/c"), "/a/{id}/c id=b");
    EXPECT_EQ(Found(router, "/a/b/"), "/a/{rest...} rest=b/");
    EXPECT_EQ(Found(router, "/a/"), "none");
    EXPECT_EQ(Found(router, "/a"), "none");
    EXPECT_EQ(Found(router, "/x//z"), "none");
    EXPECT_EQ(Found(router, "/A/b"), "none");
    EXPECT_EQ(Found(router, ""), "none");
}

TEST(Router, KnowsTheMethodsOfAPattern) {
    const Router router({Make("/o", {"POST"}), Make("/o", {"GET"}), Make("/p", {"HEAD", "GET"})});
    EXPECT_EQ(Found(router, "/o", "POST"), "/o");
    EXPECT_EQ(Found(router, "/o", "HEAD"), "/o");
    EXPECT_EQ(Found(router, "/o", "PUT"), "not allowed: GET, HEAD, OPTIONS, POST");
    EXPECT_TRUE(router.KnowsMethod("POST"));
    EXPECT_FALSE(router.KnowsMethod("PUT"));
    EXPECT_EQ(router.allow(), "GET, HEAD, OPTIONS, POST");
}

TEST(Router, RefusesPatternsThatMakeNoSense) {
    for (const char* path :
         {"a", "", "/{}", "/{a}/{a}", "/{a...}/b", "/a{b}", "/{a}b", "/a/../b", "/{...}", "/%zz"}) {
        EXPECT_THROW(Router({Make(path)}), std::invalid_argument) << path;
    }
    EXPECT_THROW(Router({Make("/a/{b}"), Make("/a/{c}")}), std::invalid_argument);
    EXPECT_THROW(Router({Make("/a", {})}), std::invalid_argument);
}

std::string Normalised(std::string_view path) {
    std::string into;
    const auto reason = NormalisePath(path, into);
    return reason ? std::string(Describe(*reason).slug) : into;
}

TEST(Path, HasOneSpelling) {
    EXPECT_EQ(Normalised("/a/b"), "/a/b");
    EXPECT_EQ(Normalised("/%61%7e%2D"), "/a~-");
    EXPECT_EQ(Normalised("/a%2fb"), "/a%2Fb");
    EXPECT_EQ(Normalised("/a%252fb"), "/a%252fb");
    EXPECT_EQ(Normalised("/a%5cb"), "/a%5Cb");
    EXPECT_EQ(Normalised("/a\\b|c"), "/a%5Cb%7Cc");
    EXPECT_EQ(Normalised("//a//b/"), "//a//b/");
    EXPECT_EQ(Normalised("/%20"), "/%20");
    EXPECT_EQ(Normalised("/%C3%a4"), "/%C3%A4");
}

TEST(Path, HasNoDotSegments) {
    EXPECT_EQ(Normalised("/a/./b/../c"), "/a/c");
    EXPECT_EQ(Normalised("/a/.."), "/");
    EXPECT_EQ(Normalised("/a/b/.."), "/a/");
    EXPECT_EQ(Normalised("/a/."), "/a/");
    EXPECT_EQ(Normalised("/a/%2e%2E/b"), "/b");
    EXPECT_EQ(Normalised("/a/...%2e/.b"), "/a/..../.b");
    EXPECT_EQ(Normalised("/a//../b"), "/a/b");
    EXPECT_EQ(Normalised("/.."), "target-above-root");
    EXPECT_EQ(Normalised("/a/../../b"), "target-above-root");
    EXPECT_EQ(Normalised("/%2e./"), "target-above-root");
}

TEST(Path, RefusesBadEscapes) {
    for (const char* path : {"/%", "/%2", "/%g0", "/%0a", "/%00", "/%7f", "/%1F"}) {
        EXPECT_EQ(Normalised(path), "target-encoding-invalid") << path;
    }
}

TEST(Target, ComesInThreeForms) {
    Target target;
    EXPECT_EQ(ParseTarget("GET", "/a?b?c", "h", target), std::nullopt);
    EXPECT_EQ(target.path, "/a");
    EXPECT_EQ(target.query, "?b?c");
    EXPECT_EQ(ParseTarget("GET", "HTTP://H:80/a", "h:80", target), std::nullopt);
    EXPECT_EQ(target.path, "/a");
    EXPECT_EQ(ParseTarget("GET", "http://h?x", "h", target), std::nullopt);
    EXPECT_EQ(target.path, "/");
    EXPECT_EQ(target.query, "?x");
    EXPECT_EQ(ParseTarget("OPTIONS", "*", "h", target), std::nullopt);
    EXPECT_EQ(target.form, Target::Form::kAsterisk);
    EXPECT_EQ(ParseTarget("GET", "http://other/", "h", target), Reject::kHostMismatch);
    EXPECT_EQ(ParseTarget("GET", "h:80", "h", target), Reject::kTargetInvalid);
    EXPECT_EQ(ParseTarget("CONNECT", "h:80", "h:80", target), Reject::kMethodUnknown);
}

}  // namespace
}  // namespace holdfast::gateway::http
