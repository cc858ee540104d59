#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/config.hpp>
#include <holdfast/worker/testing.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace holdfast::worker {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr ConfigSchema kSchema{
    Option::Text("name", kRequired, "who"),
    Option::Text("mode", "fast", "how").OneOf("fast|safe"),
    Option::Text("key", "", "for the other side").Secret(),
    Option::Flag("on", true, "whether"),
    Option::Integer("count", 4, "how many").Between(1, 256),
    Option::Number("share", "0.25", "how much").Between(0, 1),
    Option::Duration("wait", seconds(90), "how long").Between(milliseconds(1), hours(1)),
    Option::Size("cache", 64 << 20, "how large"),
    Option::Texts("peers", R"(["a","b"])", "whom"),
    Option::Integers("rates", R"({"low":1})", "rates").Between(0, 10),
};

std::vector<std::string> Problems(const std::string& text) {
    try {
        Config(kSchema, text);
    } catch (const ConfigError& error) {
        return error.problems();
    }
    return {};
}

TEST(AConfig, HasTheDefaultsOfWhatIsNotGiven) {
    const Config config(kSchema, R"({"name": "ada"})");
    EXPECT_EQ(config.Text("name"), "ada");
    EXPECT_EQ(config.Text("mode"), "fast");
    EXPECT_EQ(config.Text("key"), "");
    EXPECT_TRUE(config.Flag("on"));
    EXPECT_EQ(config.Integer("count"), 4);
    EXPECT_EQ(config.Number("share"), 0.25);
    EXPECT_EQ(config.Duration("wait"), seconds(90));
    EXPECT_EQ(config.Size("cache"), 64U << 20U);
    EXPECT_THAT(config.Texts("peers"), ElementsAre("a", "b"));
    EXPECT_EQ(config.Integers("rates").at("low"), 1);
    EXPECT_TRUE(config.Given("name"));
    EXPECT_FALSE(config.Given("on"));
}

TEST(AConfig, GivesWhatIsWritten) {
    const Config config(kSchema, R"({"name":"\u00e4\ud83d\ude00","mode":"safe","on":false,
        "count":256,"share":1,"wait":"250ms","cache":"512KiB","peers":[],"rates":{"a":0,"b":10}})");
    EXPECT_EQ(config.Text("name"), "\xc3\xa4\xf0\x9f\x98\x80");
    EXPECT_EQ(config.Text("mode"), "safe");
    EXPECT_FALSE(config.Flag("on"));
    EXPECT_EQ(config.Integer("count"), 256);
    EXPECT_EQ(config.Number("share"), 1);
    EXPECT_EQ(config.Duration("wait"), milliseconds(250));
    EXPECT_EQ(config.Size("cache"), 512U << 10U);
    EXPECT_TRUE(config.Texts("peers").empty());
    EXPECT_THAT(config.Integers("rates"), SizeIs(2));
    EXPECT_EQ(Config(kSchema, R"({"name":"x","cache":100})").Size("cache"), 100U);
}

TEST(AConfig, NamesLineAndColumnOfEveryProblemAndWhatWouldBeRight) {
    EXPECT_THAT(Problems("{\n  \"nam\": \"x\",\n  \"count\": 0,\n  \"\xc3\xa4\": 1, \"on\": 1\n}"),
                ElementsAre("config:2:3: there is no option \"nam\"; did you mean \"name\"?",
                            "config:3:12: count must be an integer from 1 to 256; it is 0",
                            HasSubstr("config:4:3: there is no option another string; there are "
                                      "name, mode, key, "),
                            "config:4:17: on must be true or false; it is 1",
                            "config: name is required: a string that is not empty"));
}

struct Case {
    const char* text;
    const char* problem;
};

class AWrongValue : public ::testing::TestWithParam<Case> {};

TEST_P(AWrongValue, IsRefusedWithWhatWouldBeRight) {
    const std::string text = R"({"name":"x",)" + std::string(GetParam().text) + "}";
    EXPECT_THAT(Problems(text), ElementsAre(HasSubstr(GetParam().problem))) << text;
}

INSTANTIATE_TEST_SUITE_P(
    , AWrongValue,
    ::testing::Values(
        Case{R"("mode":"slow")", "mode must be \"fast\" or \"safe\"; it is \"slow\""},
        Case{R"("mode":"fast|safe")", "mode must be"}, Case{R"("mode":"")", "mode must be"},
        Case{R"("key":7)", "key must be a string that is not empty"},
        Case{R"("count":1.5)", "count must be an integer from 1 to 256; it is a number"},
        Case{R"("count":"4")", "it is \"4\""}, Case{R"("count":null)", "it is null"},
        Case{R"("count":18446744073709551615)", "is no integer of 64 bits"},
        Case{R"("share":1.01)", "share must be a number from 0 to 1"},
        Case{R"("share":"1")", "share must be a number"},
        Case{R"("wait":90)", "wait must be a duration such as"}, Case{R"("wait":"90")", "duration"},
        Case{R"("wait":"-1s")", "duration"}, Case{R"("wait":"1 s")", "duration"},
        Case{R"("wait":"2h")", "from 1ms to 1h; it is \"2h\""},
        Case{R"("wait":"9223372036854775807h")", "duration"},
        Case{R"("cache":-1)", "cache must be a size such as"}, Case{R"("cache":"64MB")", "size"},
        Case{R"("peers":["a",7])", "config:1:26: peers must be a string that is not empty"},
        Case{R"("peers":"a")", "peers must be an array of strings"},
        Case{R"("rates":{"a":11})", "config:1:26: rates.a must be an integer from 0 to 10"},
        Case{R"("rates":[1])", "rates must be an object of integers, each from 0 to 10"}));

TEST(AConfig, NeverQuotesASecret) {
    const auto problems = Problems(R"({"name":"x","key":12345})");
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(problems[0].find("12345"), std::string::npos);
}

TEST(AConfig, StopsCountingProblemsAtSomePoint) {
    std::string text = R"({"name":"x")";
    for (int i = 0; i < 15; ++i) text += ",\"unknown" + std::to_string(i) + "\":1";
    const auto problems = Problems(text + "}");
    ASSERT_THAT(problems, SizeIs(Config::kMaxProblems + 1));
    EXPECT_EQ(problems.back(), "and 5 more");
}

TEST(AConfig, RefusesAValueForReasonsOfThePluginsOwn) {
    const Config config(kSchema, "{\"name\":\n  \"root\"}");
    try {
        config.Refuse("name", "must not be root");
    } catch (const ConfigError& error) {
        EXPECT_STREQ(error.what(), "config:2:3: name must not be root");
    }
    try {
        config.Refuse("mode", "does not go with this name");
    } catch (const ConfigError& error) {
        EXPECT_STREQ(error.what(), "config: mode does not go with this name");
    }
}

TEST(AConfig, ThrowsWhenItIsAskedForWhatWasNotDeclared) {
    const Config config(kSchema, R"({"name":"x"})");
    EXPECT_THROW(config.Text("nme"), std::logic_error);
    EXPECT_THROW(config.Integer("name"), std::logic_error);
}

TEST(ASchema, WithAnImpossibleOptionIsItsAuthorsError) {
    const auto refuse = [](const auto& schema) {
        try {
            Config(schema, "");
        } catch (const PluginError& error) {
            return std::string(error.what());
        }
        return std::string("taken");
    };
    EXPECT_THAT(refuse(ConfigSchema{Option::Integer("a", 0, "").Between(1, 2)}),
                HasSubstr("a must be an integer from 1 to 2, its default is 0"));
    EXPECT_THAT(refuse(ConfigSchema{Option::Texts("a", "[", "")}), HasSubstr("its default is ["));
    EXPECT_THAT(refuse(ConfigSchema{Option::Flag("a", true, ""), Option::Flag("a", true, "")}),
                HasSubstr("a is there twice"));
    EXPECT_THAT(refuse(ConfigSchema{Option::Flag("", true, "")}), HasSubstr("no name"));
    Option truncated = Option::Flag("a", true, "");
    truncated.abi.size = 8;
    EXPECT_THAT(refuse(ConfigSchema{truncated}), HasSubstr("truncated"));
    // A type of a later version is the plugin's to read.
    Option later = Option::Flag("a", true, "");
    later.abi.type = 99;
    EXPECT_EQ(refuse(ConfigSchema{later}), "taken");
}

TEST(AnOption, WritesItsDefaultAsJson) {
    EXPECT_EQ(OptionDefault(Option::Text("a", "x\"y", "").abi), R"("x\"y")");
    EXPECT_EQ(OptionDefault(Option::Duration("a", milliseconds(1500), "").abi), R"("1500ms")");
    EXPECT_EQ(OptionDefault(Option::Duration("a", hours(0), "").abi), R"("0ms")");
    EXPECT_EQ(OptionDefault(Option::Duration("a", hours(48), "").abi), R"("48h")");
    EXPECT_EQ(OptionDefault(Option::Size("a", 3 << 10, "").abi), R"("3KiB")");
    EXPECT_EQ(OptionDefault(Option::Size("a", 100, "").abi), "100");
    EXPECT_EQ(OptionDefault(Option::Text("a", kRequired, "").abi), "");
}

class Configured : public Plugin {
  public:
    static constexpr ConfigSchema kConfig{Option::Text("greeting", "hello", "what to say")};
    Configured(const Host& host, const Config& config) : greeting_(config.Text("greeting")) {
        host.Log(LogLevel::kInfo, "made");
    }
    Reply Handle(const Request&) override { return {.body = greeting_}; }

  private:
    std::string greeting_;
};

TEST(APluginWithOptions, GetsThemCheckedAndTyped) {
    auto host = testing::TestHost::For<Configured>(R"({"greeting":"hi"})");
    EXPECT_EQ(host.Ask({}).body, "hi");
    EXPECT_EQ(testing::TestHost::For<Configured>().Ask({}).body, "hello");
    EXPECT_THROW(testing::TestHost::For<Configured>(R"({"greting":"hi"})"), ConfigError);
}

TEST(APluginWithOptions, ChecksThemUnderAWorkerThatDoesNotKnowThem) {
    static constexpr const char* kServices[] = {"test"};
    static constexpr auto kPlugin = Describe<Configured>("configured", "1", kServices, 1);
    char error[256] = "";
    const std::string config = R"({"greting":"hi"})";
    EXPECT_EQ(kPlugin.create(nullptr, Span(config), error, sizeof error), nullptr);
    EXPECT_THAT(error, HasSubstr("config:1:2: there is no option \"greting\""));
}

TEST(APluginWithoutOptions, TakesAnyText) {
    holdfast_plugin_v1 plugin{};
    plugin.size = offsetof(holdfast_plugin_v1, options);
    plugin.option_count = 7;  // beyond what it says that it has
    EXPECT_TRUE(OptionsOf(plugin).empty());
    EXPECT_NO_THROW(CheckConfig(plugin, "any text", "config"));
}

TEST(APluginWithoutOptions, HasNoneWhateverItsCountSays) {
    holdfast_plugin_v1 plugin{};
    plugin.size = sizeof plugin;
    plugin.option_count = 7;
    EXPECT_TRUE(OptionsOf(plugin).empty());
    EXPECT_NO_THROW(CheckConfig(plugin, "any text", "config"));
}

}  // namespace
}  // namespace holdfast::worker
