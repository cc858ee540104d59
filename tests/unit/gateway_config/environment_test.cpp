#include <set>

#include "gateway/config/keys.h"
#include "tests/unit/gateway_config/config_text.h"

namespace holdfast::gateway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(Environment, OverridesTheFile) {
    const Config config =
        Good("listen: {port: 9000}\n", {{"HOLDFAST_LISTEN_PORT", "9001"},
                                        {"HOLDFAST_LIMITS_PENDING_BYTES", "128MiB"},
                                        {"HOLDFAST_BUS_PEER_TIMEOUT", "900ms"}});
    EXPECT_EQ(config.listen.port, 9001);
    EXPECT_EQ(config.limits.pending_bytes, 128 * kMiB);
    EXPECT_EQ(config.bus.peer_timeout, 900ms);
}

TEST(Environment, EveryKeyHasANameOfItsOwnThatOverridesIt) {
    std::set<std::string> names;
    for (const auto& key : ConfigKeys()) {
        const std::string name = EnvironmentName(key.path);
        EXPECT_TRUE(names.insert(name).second) << name;
        // A list's own YAML form is "[a, b]"; in the environment it has no brackets.
        const std::string value = key.type == Type::kList ? "echo" : Shown(key, key.get(Config{}));
        std::map<std::string, std::string, std::less<>> environment = {
            {name, value.front() == '"' ? value.substr(1, value.size() - 2) : value}};
        if (key.path.starts_with("bus.curve_")) {
            // Empty by default, which a variable cannot say, and only allowed together.
            environment = {{"HOLDFAST_BUS_CURVE_SECRET_KEY", "a"},
                           {"HOLDFAST_BUS_CURVE_WORKERS", "b"}};
        }
        if (key.path.starts_with("listen.tls.") && key.type == Type::kText) {
            environment = {{"HOLDFAST_LISTEN_TLS_CERTIFICATE", "a"},
                           {"HOLDFAST_LISTEN_TLS_KEY", "b"},
                           {"HOLDFAST_LISTEN_TLS_CLIENT_CA", "c"}};
        }
        const LoadResult result = FromText("", environment);
        ASSERT_TRUE(result.loaded) << name << " " << Format(result.problems.at(0));
        const auto origin = result.loaded->origins.find(key.path);
        ASSERT_NE(origin, result.loaded->origins.end()) << name;
        EXPECT_EQ(origin->second.kind, Origin::Kind::kEnvironment);
    }
}

TEST(Environment, ListsAreSeparatedByCommas) {
    EXPECT_THAT(
        Good("", {{"HOLDFAST_READY_REQUIRED_SERVICES", "orders, echo"}}).ready.required_services,
        ElementsAre("orders", "echo"));
    EXPECT_THAT(Good("", {{"HOLDFAST_READY_REQUIRED_SERVICES", "[]"}}).ready.required_services,
                IsEmpty());
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_READY_REQUIRED_SERVICES", "orders,,echo"}}),
                ElementsAre(HasSubstr("'' is not a service name")));
}

TEST(Environment, BadValuesNameTheVariable) {
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_LISTEN_PORT", "http"}}),
                ElementsAre("$HOLDFAST_LISTEN_PORT: 'listen.port' must be a whole number from 0 to "
                            "65535, not 'http'"));
}

TEST(Environment, UnknownNamesAreRefusedWithTheNearest) {
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_LISTEN_PROT", "1"}}),
                ElementsAre("$HOLDFAST_LISTEN_PROT: no key of the configuration has this name; did "
                            "you mean 'HOLDFAST_LISTEN_PORT'?"));
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_ZEBRA_CROSSING", "1"}}),
                ElementsAre(HasSubstr("such as HOLDFAST_LISTEN_PORT")));
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_ROUTES_0_TIMEOUT", "1s"}}),
                ElementsAre(HasSubstr("routes are a list and are set in the file only")));
}

TEST(Environment, NamesThatAreNoKeysAreLeftAlone) {
    EXPECT_EQ(Good("", {{"HOLDFAST_REQUIRE_ENGINE", "1"},
                        {"HOLDFAST_REQUIRE_NODE", "1"},
                        {"HOLDFAST_CONFIG", "whatever.yaml"},
                        {"HOLDFAST_OPS_URL", "http://127.0.0.1:8081"},
                        {"HOLDFAST_WORKER_THREADS", "4"},
                        {"HOLDFAST_SKIP_PACKAGES", "1"},
                        {"HOLDFAST_PUBLISH_PORT", "9000"},
                        {"PATH", "/bin"},
                        {"HOLDFASTER", "1"}}),
              Config{});
}

TEST(Environment, WhatKubernetesSetsForServicesIsLeftAlone) {
    EXPECT_EQ(Good("", {{"HOLDFAST_GATEWAY_SERVICE_HOST", "10.0.0.7"},
                        {"HOLDFAST_GATEWAY_SERVICE_PORT", "8080"},
                        {"HOLDFAST_GATEWAY_SERVICE_PORT_HTTP", "8080"},
                        {"HOLDFAST_GATEWAY_PORT", "tcp://10.0.0.7:8080"},
                        {"HOLDFAST_GATEWAY_PORT_8080_TCP", "tcp://10.0.0.7:8080"},
                        {"HOLDFAST_GATEWAY_PORT_8080_TCP_ADDR", "10.0.0.7"}}),
              Config{});
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_LISTEN_PORT", "tcp://10.0.0.7:8080"}}),
                ElementsAre(HasSubstr("enableServiceLinks: false")));
}

TEST(Environment, AVariableSetToNothingCountsAsNotSet) {
    EXPECT_EQ(Good("", {{"HOLDFAST_LISTEN_PORT", ""}}), Config{});
}

TEST(Environment, ACombinationIsBlamedOnTheVariableThatBroughtIt) {
    EXPECT_THAT(ProblemsOf("", {{"HOLDFAST_BUS_ADDRESS", "0.0.0.0"}}),
                ElementsAre(HasSubstr("$HOLDFAST_BUS_ADDRESS: 'bus.address' is '0.0.0.0'")));
}

TEST(Environment, IsReadFromTheProcess) {
    ASSERT_EQ(setenv("HOLDFAST_TEST_MARK", "a=b", 1), 0);
    const Environment environment = ProcessEnvironment();
    unsetenv("HOLDFAST_TEST_MARK");
    ASSERT_TRUE(environment.contains("HOLDFAST_TEST_MARK"));
    EXPECT_EQ(environment.at("HOLDFAST_TEST_MARK"), "a=b");
    EXPECT_FALSE(environment.contains("PATH"));
}

}  // namespace
}  // namespace holdfast::gateway::config
