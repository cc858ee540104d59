#include <algorithm>
#include <fstream>
#include <sstream>

#include "gateway/config/keys.h"
#include "gateway/config/messages.h"
#include "tests/unit/gateway_config/config_text.h"

namespace holdfast::gateway::config {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string Repository(const std::string& path) {
    return HOLDFAST_SOURCE_DIR "/" + path;
}

std::string TextOf(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// Stands for a value of any type where an aggregate is initialised.
struct AnyField {
    template <class T>
    operator T() const;  // NOLINT: never defined, only named
};

template <class Aggregate, class... Fields>
consteval std::ptrdiff_t FieldCount() {
    if constexpr (requires { Aggregate{Fields{}..., AnyField{}}; }) {
        return FieldCount<Aggregate, Fields..., AnyField>();
    } else {
        return sizeof...(Fields);
    }
}

TEST(PrintedConfig, SaysWhereEachValueCameFrom) {
    const auto result =
        FromText("listen:\n  port: 9000\nroutes:\n- path: /a\n  methods: [GET]\n  service: a\n",
                 {{"HOLDFAST_OPS_PORT", "9001"}});
    ASSERT_TRUE(result.loaded);
    const std::string text = Print(*result.loaded);
    EXPECT_THAT(text, HasSubstr("with the file g.yaml"));
    EXPECT_THAT(text, HasSubstr("  port: 9000  # file, line 2\n"));
    EXPECT_THAT(text, HasSubstr("\n  tls:\n    certificate: \"\"  # default\n    key: "));
    EXPECT_THAT(text, HasSubstr("  port: 9001  # env HOLDFAST_OPS_PORT\n"));
    EXPECT_THAT(text, HasSubstr("  port: 5570  # default\n"));
    EXPECT_THAT(text, HasSubstr("  required_services: [a]  # from routes\n"));
    EXPECT_THAT(text, HasSubstr("routes:  # file, line 4\n  - path: /a  # file, line 4\n"));
    EXPECT_THAT(text, HasSubstr("    timeout: 5s  # default\n"));
}

TEST(PrintedConfig, LoadsToTheSameValues) {
    for (const std::string text :
         {"", "listen: {address: '::'}\nlog: {format: json}\nroutes: []\n",
          "listen: {tls: {certificate: a b, key: /c, min_version: 1.3}}\n",
          "limits: {request_line: 1001}\nready: {required_services: []}\n",
          "routes: [{path: '/a/{b...}', methods: [GET, PUT], service: null-1, "
          "add: {\"null\": 'header.!#$', y: uuid7}}]"}) {
        const auto first = FromText(text);
        ASSERT_TRUE(first.loaded) << text << Format(first.problems.at(0));
        EXPECT_EQ(Good(Print(*first.loaded)), first.loaded->config) << Print(*first.loaded);
    }
}

TEST(PrintedConfig, CannotBeBrokenByAFileName) {
    const auto result = LoadText("", "a\nlisten: {port: 1}", {});
    ASSERT_TRUE(result.loaded);
    EXPECT_EQ(Good(Print(*result.loaded)), Config{});
}

TEST(Secrets, AreNeverShown) {
    KeyInfo key;
    key.path = "bus.secret_key";
    key.type = Type::kText;
    key.check = CheckService;
    key.secret = true;
    EXPECT_EQ(Shown(key, Value(std::string("hunter2"))), "\"***\"");
    EXPECT_THAT(ScalarComplaint(key, key.path, "hunter 2", "hunter"), Not(HasSubstr("hunter")));
    EXPECT_THAT(Complaint(key, key.path, "hunter 2", "hunter"), Not(HasSubstr("hunter")));
}

TEST(YamlTexts, ReadBackAsTheSameText) {
    EXPECT_EQ(YamlText("/v1/orders"), "/v1/orders");
    EXPECT_EQ(YamlText(""), "\"\"");
    EXPECT_EQ(YamlText("null"), "\"null\"");
    EXPECT_EQ(YamlText("::"), "\"::\"");
    EXPECT_EQ(YamlText("-"), "\"-\"");
    EXPECT_EQ(YamlText("a\"b\\c\n"), "\"a\\\"b\\\\c\\x0a\"");
}

TEST(TheTable, DescribesEveryKeyAndItsDefaultsAreWithinTheirBounds) {
    for (const auto& key : ConfigKeys()) {
        EXPECT_GT(key.doc.size(), 20u) << key.path;
        EXPECT_TRUE(key.doc.ends_with('.')) << key.path;
        EXPECT_FALSE(SectionOf(key.path).empty()) << key.path;
        const Value value = key.get(Config{});
        if (key.type == Type::kList) continue;
        const std::string shown =
            key.type == Type::kText ? std::get<std::string>(value) : Shown(key, value);
        EXPECT_EQ(ParseScalar(key, shown).value, value) << key.path;
    }
    for (const auto& key : RouteKeys()) EXPECT_GT(key.doc.size(), 20u) << key.path;
}

// A member of a struct that has no row would silently keep its default.
TEST(TheTable, HasARowForEveryFieldOfTheStructs) {
    const auto rows = [](std::string_view section) {
        return std::ranges::count_if(
            ConfigKeys(), [&](const auto& key) { return SectionOf(key.path) == section; });
    };
    EXPECT_EQ(rows("listen") + 1, FieldCount<Listen>()) << "one is a section";
    EXPECT_EQ(rows("listen.tls"), FieldCount<Tls>());
    EXPECT_EQ(rows("ops"), FieldCount<Ops>());
    EXPECT_EQ(rows("bus"), FieldCount<Bus>());
    EXPECT_EQ(rows("limits"), FieldCount<Limits>());
    EXPECT_EQ(rows("shutdown"), FieldCount<Shutdown>());
    EXPECT_EQ(rows("log"), FieldCount<Log>());
    EXPECT_EQ(rows("ready"), FieldCount<Ready>());
    EXPECT_EQ(std::ssize(RouteKeys()), FieldCount<Route>());
}

TEST(TheReference, IsWhatTheTableSays) {
    EXPECT_TRUE(TextOf(Repository("docs/config.md")) == Reference())
        << "docs/config.md differs from the table in gateway/config. Regenerate it with\n"
           "  cmake --build <build directory> --target config_reference";
}

TEST(TheReference, NamesEveryKeyWithItsEnvironmentName) {
    const std::string text = Reference();
    for (const auto& key : ConfigKeys()) {
        EXPECT_THAT(text, HasSubstr("### `" + std::string(key.path) + "`"));
        EXPECT_THAT(text, HasSubstr("`" + EnvironmentName(key.path) + "`"));
    }
    for (const auto& key : RouteKeys()) {
        EXPECT_THAT(text, HasSubstr("### `" + std::string(key.path) + "`"));
    }
}

TEST(TheSampleFile, IsGoodAndHasTheBuiltInRoutes) {
    const auto result = Load(Repository("deploy/gateway.yaml"), {});
    for (const Problem& problem : result.problems) ADD_FAILURE() << Format(problem);
    ASSERT_TRUE(result.loaded);
    EXPECT_EQ(result.loaded->config.routes, DefaultRoutes());
}

TEST(TheSampleFile, WorksInAContainerWithTheVariablesThatItNames) {
    const auto result =
        Load(Repository("deploy/gateway.yaml"), {{"HOLDFAST_LISTEN_ADDRESS", "0.0.0.0"},
                                                 {"HOLDFAST_OPS_ADDRESS", "0.0.0.0"},
                                                 {"HOLDFAST_OPS_ALLOW_REMOTE", "true"},
                                                 {"HOLDFAST_BUS_ADDRESS", "0.0.0.0"},
                                                 {"HOLDFAST_BUS_ALLOW_PLAIN_REMOTE", "true"}});
    for (const Problem& problem : result.problems) ADD_FAILURE() << Format(problem);
}

}  // namespace
}  // namespace holdfast::gateway::config
