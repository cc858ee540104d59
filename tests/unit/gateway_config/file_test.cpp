#include <filesystem>
#include <fstream>

#include "tests/unit/gateway_config/config_text.h"

namespace holdfast::gateway::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class ConfigFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "holdfast_config_XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string Write(std::string_view text) {
        const std::string path = directory_ / "gateway.yaml";
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }

    std::filesystem::path directory_;
};

TEST_F(ConfigFile, IsNotNeeded) {
    const LoadResult result = Load(std::nullopt, {});
    ASSERT_TRUE(result.loaded);
    EXPECT_EQ(result.loaded->config, Config{});
    EXPECT_THAT(result.loaded->config.ready.required_services, ElementsAre("orders"));
}

TEST_F(ConfigFile, GivesItsValues) {
    const LoadResult result = Load(Write("listen:\n  port: 9000\n"), {});
    ASSERT_TRUE(result.loaded);
    EXPECT_EQ(result.loaded->config.listen.port, 9000);
}

TEST_F(ConfigFile, IsNamedByTheEnvironmentWhenTheCommandLineNamesNone) {
    const Environment environment{{"HOLDFAST_CONFIG", Write("listen: {port: 9000}")}};
    EXPECT_EQ(Load(std::nullopt, environment).loaded->config.listen.port, 9000);
    const LoadResult other = Load(directory_ / "other.yaml", environment);
    EXPECT_FALSE(other.loaded);
}

TEST_F(ConfigFile, ThatIsEmptyOrOnlyCommentsMeansDefaults) {
    for (const char* text : {"", "\n\n", "# nothing\n", "---\n", "{}", "listen:\n"}) {
        const LoadResult result = Load(Write(text), {});
        ASSERT_TRUE(result.loaded) << text;
        EXPECT_EQ(result.loaded->config, Config{}) << text;
    }
}

TEST_F(ConfigFile, ThatIsMissingIsAProblemThatNamesIt) {
    const std::string path = directory_ / "none.yaml";
    const LoadResult result = Load(path, {});
    EXPECT_FALSE(result.loaded);
    ASSERT_THAT(result.problems, SizeIs(1));
    EXPECT_EQ(Format(result.problems[0]),
              path + ": cannot open the configuration file: No such file or directory");
}

TEST_F(ConfigFile, ThatIsADirectoryIsAProblem) {
    const LoadResult result = Load(directory_.string(), {});
    ASSERT_THAT(result.problems, SizeIs(1));
    EXPECT_THAT(result.problems[0].message, HasSubstr("is a directory"));
}

TEST_F(ConfigFile, IsRefusedAboveItsLargestSizeAndTakenAtIt) {
    std::string text = "listen: {port: 9000}\n#";
    text.resize(kMaxFileBytes, 'x');
    EXPECT_TRUE(Load(Write(text), {}).loaded);
    text += 'x';
    const LoadResult result = Load(Write(text), {});
    ASSERT_THAT(result.problems, SizeIs(1));
    EXPECT_THAT(result.problems[0].message, HasSubstr("at most 1MiB"));
}

TEST_F(ConfigFile, ThatCannotBeReadStillHasItsEnvironmentChecked) {
    const LoadResult result = Load(directory_ / "none.yaml", {{"HOLDFAST_LISTEN_PORT", "x"}});
    EXPECT_THAT(result.problems, SizeIs(2));
}

TEST(BadYaml, IsAProblemWithItsPlace) {
    EXPECT_THAT(ProblemsOf("listen:\n  port: [1\n"),
                ElementsAre(HasSubstr("g.yaml:3:1: this is not valid YAML: ")));
    EXPECT_THAT(ProblemsOf("listen: {port: 1"), SizeIs(1));
    EXPECT_THAT(ProblemsOf("a: b: c"), ElementsAre(HasSubstr("g.yaml:1:")));
}

TEST(BadYaml, AliasesTagsAndSecondDocumentsAreRefused) {
    EXPECT_THAT(ProblemsOf("listen: &a {port: 1}\nops: *a\n"),
                ElementsAre(HasSubstr("g.yaml:2:6: aliases (*name) are not supported")));
    EXPECT_THAT(ProblemsOf("listen: {port: !!int 1}"), ElementsAre(HasSubstr("tags (!name)")));
    EXPECT_THAT(ProblemsOf("listen: {port: 1}\n---\nops: {port: 2}\n"),
                ElementsAre(HasSubstr("a second document")));
}

TEST(BadYaml, NestedWithoutEndIsRefused) {
    EXPECT_THAT(ProblemsOf(std::string(10'000, '[')), SizeIs(1));
    EXPECT_THAT(ProblemsOf("a: " + std::string(100, '[') + std::string(100, ']')),
                ElementsAre(HasSubstr("nested deeper")));
}

TEST(BadYaml, ThatIsNoMapIsRefused) {
    EXPECT_THAT(ProblemsOf("- a\n"), ElementsAre("g.yaml:1:1: a configuration is a map of sections "
                                                 "such as 'listen:', not a list"));
    EXPECT_THAT(ProblemsOf("hello"), ElementsAre(HasSubstr("not 'hello'")));
}

TEST(FileValues, AreTakenOfEveryType) {
    const Config config = Good(R"(
listen: {address: "::1", half_close: serve}
bus: {ping_interval: 100ms, max_message: 4MiB, allow_plain_remote: true}
limits: {queue_requests: 7}
log: {format: json}
ready: {required_services: [echo]}
)");
    EXPECT_EQ(config.listen.address, "::1");
    EXPECT_EQ(config.listen.half_close, HalfClose::kServe);
    EXPECT_EQ(config.bus.ping_interval, 100ms);
    EXPECT_EQ(config.bus.max_message, 4 * kMiB);
    EXPECT_TRUE(config.bus.allow_plain_remote);
    EXPECT_EQ(config.limits.queue_requests, 7u);
    EXPECT_EQ(config.log.format, LogFormat::kJson);
    EXPECT_THAT(config.ready.required_services, ElementsAre("echo"));
}

TEST(FileValues, OfTheWrongTypeAreRefusedWithTheirPlaceAndWhatIsRight) {
    EXPECT_THAT(ProblemsOf("listen:\n  port: eighty\n"),
                ElementsAre("g.yaml:2:9: 'listen.port' must be a whole number from 0 to 65535, not "
                            "'eighty'"));
    EXPECT_THAT(ProblemsOf("listen:\n  port: [80]\n"),
                ElementsAre("g.yaml:2:9: 'listen.port' must be a whole number from 0 to 65535, not "
                            "a list"));
    EXPECT_THAT(ProblemsOf("log: {access_log: yes}"),
                ElementsAre("g.yaml:1:19: 'log.access_log' must be true or false, not 'yes'"));
    EXPECT_THAT(ProblemsOf("bus: {ping_interval: 200}"),
                ElementsAre("g.yaml:1:22: 'bus.ping_interval' must be a duration from 10ms to 10s, "
                            "written like 250ms (ns, us, ms, s, m or h), not '200' (a duration "
                            "needs a unit)"));
    EXPECT_THAT(ProblemsOf("limits: {pending_bytes: 64MB}"),
                ElementsAre("g.yaml:1:25: 'limits.pending_bytes' must be a size from 64KiB to "
                            "64GiB, written like 64MiB (B, KiB, MiB or GiB), not '64MB' ('MB' is "
                            "not a unit)"));
    EXPECT_THAT(ProblemsOf("listen: {half_close: serv}"),
                ElementsAre("g.yaml:1:22: 'listen.half_close' must be one of cancel, serve, not "
                            "'serv' (did you mean 'serve'?)"));
    EXPECT_THAT(
        ProblemsOf("listen: {address: localhost}"),
        ElementsAre("g.yaml:1:19: 'listen.address' must be a numeric address: 127.0.0.1 for "
                    "localhost, not 'localhost'"));
    EXPECT_THAT(ProblemsOf("listen: 80"), ElementsAre(HasSubstr("'listen' must be a map of keys")));
    EXPECT_THAT(ProblemsOf("listen: {port: }"),
                ElementsAre(HasSubstr("'listen.port' has no value")));
    EXPECT_THAT(ProblemsOf("ready: {required_services: orders}"),
                ElementsAre(HasSubstr("for one item write [orders]")));
    EXPECT_THAT(ProblemsOf("ready: {required_services: [orders, orders]}"),
                ElementsAre(HasSubstr("'orders' is there twice")));
}

TEST(FileValues, OutOfTheirBoundsAreRefused) {
    EXPECT_THAT(ProblemsOf("listen: {port: 65536}"), ElementsAre(HasSubstr("it is too large")));
    EXPECT_THAT(ProblemsOf("listen: {port: -1}"), ElementsAre(HasSubstr("from 0 to 65535")));
    EXPECT_THAT(ProblemsOf("listen: {threads: 0}"), ElementsAre(HasSubstr("it is too small")));
    EXPECT_THAT(ProblemsOf("limits: {pending_requests: 16777215}"),
                ElementsAre(HasSubstr("from 1 to 16777214")));
    EXPECT_EQ(Good("limits: {pending_requests: 16777214}").limits.pending_requests, 16777214u);
}

TEST(FileValues, ThatAreRelativePathsBeginInTheFilesFolder) {
    const std::string text =
        "listen: {tls: {certificate: a.pem, key: /k.pem}}\n"
        "bus: {curve_secret_key: keys/s, curve_workers: ../w}\n";
    const Environment environment{{"HOLDFAST_LISTEN_TLS_CLIENT_CA", "ca.pem"}};
    const LoadResult there = LoadText(text, "/etc/holdfast/g.yaml", environment);
    ASSERT_TRUE(there.loaded);
    const Config& config = there.loaded->config;
    EXPECT_EQ(config.listen.tls.certificate, "/etc/holdfast/a.pem");
    EXPECT_EQ(config.listen.tls.key, "/k.pem");
    EXPECT_EQ(config.listen.tls.client_ca, "ca.pem") << "an environment has no folder";
    EXPECT_EQ(config.bus.curve_secret_key, "/etc/holdfast/keys/s");
    EXPECT_EQ(config.bus.curve_workers, "/etc/holdfast/../w");
    EXPECT_EQ(Good(text).listen.tls.certificate, "a.pem");
}

TEST(UnknownKeys, AreRefusedWithTheNearestKnownOne) {
    EXPECT_THAT(ProblemsOf("listen:\n  prot: 1\n"),
                ElementsAre("g.yaml:2:3: unknown key 'listen.prot'; did you mean 'listen.port'?"));
    EXPECT_THAT(ProblemsOf("limit: {}"),
                ElementsAre("g.yaml:1:1: unknown key 'limit'; did you mean 'limits'?"));
    EXPECT_THAT(ProblemsOf("listen: {maxConnections: 1}"),
                ElementsAre(HasSubstr("did you mean 'listen.max_connections'?")));
    EXPECT_THAT(ProblemsOf("listen: {pending_bytes: 1}"),
                ElementsAre(HasSubstr("did you mean 'limits.pending_bytes'?")));
    EXPECT_THAT(ProblemsOf("port: 1"), ElementsAre(HasSubstr("did you mean 'listen.port'?")));
    EXPECT_THAT(ProblemsOf("listen.port: 1"),
                ElementsAre(HasSubstr("write 'port' in the section 'listen:'")));
    EXPECT_THAT(ProblemsOf("ops: {zebra: 1}"),
                ElementsAre("g.yaml:1:7: unknown key 'ops.zebra'; known in 'ops' are address, "
                            "allow_remote, port, threads"));
    EXPECT_THAT(ProblemsOf("listen: {tls: {zebra: 1}}"),
                ElementsAre("g.yaml:1:16: unknown key 'listen.tls.zebra'; known in 'listen.tls' "
                            "are certificate, key, client_ca, min_version"));
    EXPECT_THAT(ProblemsOf("listen: {zebra: 1}"), ElementsAre(HasSubstr("receive_buffer, tls")));
    EXPECT_THAT(ProblemsOf("listen: {tls: 1}"),
                ElementsAre(HasSubstr("'listen.tls' must be a map of keys (certificate, key,")));
    for (const char* text : {"listen.tls: {key: a}", "listen: {tls.key: a}"}) {
        EXPECT_THAT(ProblemsOf(text), ElementsAre(HasSubstr("unknown key 'listen.tls")));
    }
    EXPECT_THAT(ProblemsOf("zebra: 1"), ElementsAre(HasSubstr("known are listen, ops, bus")));
    EXPECT_THAT(ProblemsOf("? [a]\n: 1\n"), ElementsAre(HasSubstr("a key must be a name")));
}

TEST(DuplicateKeys, AreRefusedAtEveryLevel) {
    EXPECT_THAT(
        ProblemsOf("listen:\n  port: 1\n  port: 2\n"),
        ElementsAre("g.yaml:3:3: 'listen.port' is given twice; the first is at line 2: keep "
                    "one of them"));
    EXPECT_THAT(ProblemsOf("ops: {}\nops: {}\n"),
                ElementsAre(HasSubstr("g.yaml:2:1: 'ops' is given")));
}

TEST(Problems, AreAllReportedAtOnce) {
    const auto problems = ProblemsOf(
        "listen: {port: x, prot: 1}\nbus: {ping_interval: 5}\n"
        "limits: {upload_bytes: 128MiB}\n",
        {{"HOLDFAST_OPS_PORT", "y"}, {"HOLDFAST_NO_SUCH_KEY", "1"}});
    EXPECT_THAT(problems, SizeIs(6));
    EXPECT_THAT(problems, Contains(HasSubstr("g.yaml:3:24: 'limits.upload_bytes' is 128MiB")));
}

TEST(Problems, OfADamagedFileAreCutShort) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "x" + std::to_string(i) + ": 1\n";
    const auto problems = ProblemsOf(text, {{"HOLDFAST_ZEBRA", "1"}});
    ASSERT_THAT(problems, SizeIs(101));
    EXPECT_EQ(problems.back(), "g.yaml: further problems are not shown");
}

TEST(Problems, CombinationsWithARefusedValueAreNotJudged) {
    EXPECT_THAT(ProblemsOf("limits: {pending_bytes: x, upload_bytes: 128MiB}"), SizeIs(1));
}

}  // namespace
}  // namespace holdfast::gateway::config
