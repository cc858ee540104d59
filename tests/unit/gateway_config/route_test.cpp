#include "gateway/config/text_rules.h"
#include "tests/unit/gateway_config/config_text.h"

namespace holdfast::gateway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

std::string WithRoute(std::string_view keys) {
    return "routes:\n- {path: /a, methods: [POST], service: a, " + std::string(keys) + "}\n";
}

TEST(Routes, ByDefaultAreTheOrdersFlowAndAnEcho) {
    const auto routes = DefaultRoutes();
    ASSERT_THAT(routes, SizeIs(3));
    EXPECT_EQ(routes[0].path, "/v1/orders");
    EXPECT_TRUE(routes[0].idempotent);
    EXPECT_TRUE(routes[0].idempotency_key);
    EXPECT_THAT(routes[0].add, SizeIs(4));
    EXPECT_EQ(routes[1].path, "/v1/orders/{id}");
    EXPECT_THAT(routes[1].methods, ElementsAre("GET"));
    EXPECT_EQ(routes[1].timeout, 2s);
    EXPECT_EQ(routes[2].service, "echo");
    EXPECT_FALSE(routes[2].idempotent);
}

TEST(Routes, OfAFileReplaceTheBuiltInOnes) {
    const Config config = Good(R"(
routes:
  - path: /t/{tenant}/files/{rest...}
    methods: [GET, PUT]
    service: files
    timeout: 250ms
    body_limit: 512KiB
    idempotent: true
    idempotency_key: true
    wait_for_worker: 100ms
    content_types: [application/json, text/plain]
    add: {tenant: path.tenant, who: header.X-Who, name: body.name}
)");
    ASSERT_THAT(config.routes, SizeIs(1));
    const Route& route = config.routes[0];
    EXPECT_EQ(route.path, "/t/{tenant}/files/{rest...}");
    EXPECT_THAT(route.methods, ElementsAre("GET", "PUT"));
    EXPECT_EQ(route.service, "files");
    EXPECT_EQ(route.timeout, 250ms);
    EXPECT_EQ(route.body_limit, 512 * kKiB);
    EXPECT_TRUE(route.idempotent);
    EXPECT_TRUE(route.idempotency_key);
    EXPECT_EQ(route.wait_for_worker, 100ms);
    EXPECT_THAT(route.content_types, ElementsAre("application/json", "text/plain"));
    EXPECT_THAT(route.add, ElementsAre(AddedField{"tenant", {Source::Kind::kPath, "tenant"}},
                                       AddedField{"who", {Source::Kind::kHeader, "X-Who"}},
                                       AddedField{"name", {Source::Kind::kBody, "name"}}));
    EXPECT_THAT(config.ready.required_services, ElementsAre("files"));
}

TEST(Routes, MayBeNone) {
    const Config config = Good("routes: []");
    EXPECT_THAT(config.routes, IsEmpty());
    EXPECT_THAT(config.ready.required_services, IsEmpty());
}

TEST(Routes, WithoutWhatIsRequiredAreRefused) {
    EXPECT_THAT(ProblemsOf("routes:\n- {path: /a}\n"),
                ElementsAre(HasSubstr("g.yaml:2:3: 'routes[0]' has no 'methods'"),
                            HasSubstr("'routes[0]' has no 'service'")));
    EXPECT_THAT(ProblemsOf("routes: {}"), ElementsAre(HasSubstr("must be a list of routes")));
    EXPECT_THAT(ProblemsOf("routes:"), ElementsAre(HasSubstr("must be a list of routes")));
    EXPECT_THAT(
        ProblemsOf("routes: [a]"),
        ElementsAre("g.yaml:1:10: 'routes[0]' must be a map with path, methods and service, "
                    "not 'a'"));
}

TEST(Routes, RefuseUnknownAndRepeatedKeys) {
    EXPECT_THAT(ProblemsOf(WithRoute("time_out: 1s")),
                ElementsAre("g.yaml:2:43: unknown key 'routes[0].time_out'; did you mean "
                            "'timeout'?"));
    EXPECT_THAT(ProblemsOf(WithRoute("zebra: 1")),
                ElementsAre(HasSubstr("a route has path, methods")));
    EXPECT_THAT(ProblemsOf(WithRoute("timeout: 1s, timeout: 2s")),
                ElementsAre(HasSubstr("'routes[0].timeout' is given twice")));
}

TEST(Routes, RefuseBadValuesWithTheirPlace) {
    EXPECT_THAT(
        ProblemsOf(WithRoute("timeout: 6m")),
        ElementsAre(HasSubstr("g.yaml:2:52: 'routes[0].timeout' must be a duration from 1ms "
                              "to 5m")));
    EXPECT_THAT(ProblemsOf("routes: [{path: /a, methods: [post], service: a}]"),
                ElementsAre(HasSubstr("'post' is not GET, HEAD")));
    EXPECT_THAT(ProblemsOf("routes: [{path: /a, methods: [], service: a}]"),
                ElementsAre(HasSubstr("it has too few items")));
    EXPECT_THAT(ProblemsOf("routes: [{path: /a, methods: [GET], service: a b}]"),
                ElementsAre(HasSubstr("must be a service name")));
    EXPECT_THAT(ProblemsOf(WithRoute("content_types: [json]")),
                ElementsAre(HasSubstr("such as application/json")));
}

TEST(AddedFields, RefuseUnknownSourcesBadNamesAndRepeats) {
    EXPECT_THAT(
        ProblemsOf(WithRoute("add: {id: uuid4}")),
        ElementsAre("g.yaml:2:53: 'routes[0].add.id' must be uuid7, received_at, body.NAME, "
                    "path.NAME or header.NAME, not 'uuid4'"));
    EXPECT_THAT(ProblemsOf(WithRoute("add: {\"a-b\": uuid7}")),
                ElementsAre(HasSubstr("'a-b' is not a field name")));
    EXPECT_THAT(ProblemsOf(WithRoute("add: {id: uuid7, id: uuid7}")),
                ElementsAre(HasSubstr("'routes[0].add.id' is given twice")));
    EXPECT_THAT(ProblemsOf(WithRoute("add: [uuid7]")), ElementsAre(HasSubstr("a map from field")));
    EXPECT_THAT(ProblemsOf(WithRoute("add: {id: [uuid7]}")), ElementsAre(HasSubstr("not a list")));
}

TEST(Patterns, AreRefusedWhenTheyCannotMatchAsWritten) {
    for (const char* good : {"/", "/a", "/a/{id}", "/a/{id}/b", "/{rest...}", "/a/{x}/{y...}",
                             "/v1.0/a-b_c~d", "/a:b/@c"}) {
        EXPECT_FALSE(CheckPattern(good)) << good;
    }
    for (const char* bad :
         {"",         "a",         "/a/",   "//",        "/a//b",  "/a/./b", "/a/..",
          "/a%20b",   "/a?b",      "/a#b",  "/a b",      "/{}",    "/{1a}",  "/{a-b}",
          "/{a}/{a}", "/{a...}/b", "/x{a}", "/{a}.json", "/{...}", "/a\nb",  "/a\xc3\xa4"}) {
        EXPECT_TRUE(CheckPattern(bad)) << bad;
    }
    EXPECT_TRUE(CheckPattern("/" + std::string(600, 'a')));
}

TEST(Patterns, OfOneShapeMatchTheSame) {
    EXPECT_EQ(Shape("/a/{id}"), Shape("/a/{name}"));
    EXPECT_NE(Shape("/a/{id}"), Shape("/a/{id...}"));
    EXPECT_NE(Shape("/a/{id}"), Shape("/a/id"));
    EXPECT_THAT(Parameters("/a/{id}/b/{rest...}"), ElementsAre("id", "rest"));
    EXPECT_THAT(Parameters("/"), IsEmpty());
}

TEST(Addresses, AreNumeric) {
    for (const char* good : {"127.0.0.1", "0.0.0.0", "::1", "::", "fe80::1"}) {
        EXPECT_FALSE(CheckAddress(good)) << good;
    }
    for (const char* bad :
         {"", "localhost", "*", "127.1", "1.2.3.4.5", "eth0", "[::1]", "1.2.3.4:80"}) {
        EXPECT_TRUE(CheckAddress(bad)) << bad;
    }
    for (const char* own : {"127.0.0.1", "127.8.9.1", "127.9.9.9", "::1"}) {
        EXPECT_TRUE(IsLoopback(own)) << own;
    }
    for (const char* other : {"0.0.0.0", "10.0.0.1", "::", "::2", "localhost", ""}) {
        EXPECT_FALSE(IsLoopback(other)) << other;
    }
}

TEST(Addresses, OverlapWhenEqualOrWhenOneIsEveryInterface) {
    EXPECT_TRUE(Overlap("127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(Overlap("0.0.0.0", "127.0.0.1"));
    EXPECT_TRUE(Overlap("10.0.0.1", "::"));
    EXPECT_TRUE(Overlap("::1", "0:0::1"));
    EXPECT_FALSE(Overlap("127.0.0.1", "10.0.0.1"));
    EXPECT_FALSE(Overlap("127.0.0.1", "::1"));
}

}  // namespace
}  // namespace holdfast::gateway::config
