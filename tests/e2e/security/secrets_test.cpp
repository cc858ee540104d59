// Secrets go through both programs, at their most talkative, and are then looked for in all that
// they print, serve and leave behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/e2e/security/command.h"
#include "tests/support/stack/stack.h"
#include "tests/support/tls/certificate.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig = R"(
listen: {tls: {certificate: gateway.pem, key: gateway.key}}
bus: {curve_secret_key: bus.key_secret, curve_workers: workers}
log: {level: trace, access_log: true}
routes:
  - {path: /v1/trouble, methods: [POST], service: trouble, timeout: 30s}
)";

std::string Text(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

/// The value of secret-key = "..." in a CURVE certificate.
std::string SecretKey(const fs::path& file) {
    const std::string text = Text(file);
    const std::size_t begin = text.find('"', text.find("secret-key")) + 1;
    return text.substr(begin, text.find('"', begin) - begin);
}

/// A line from the middle of a PEM file.
std::string PemLine(const fs::path& file) {
    const std::string text = Text(file);
    const std::size_t begin = text.find('\n') + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
}

class Secrets : public ::testing::Test {
  protected:
    Secrets() {
        fs::create_directories(File("workers"));
        for (const char* name : {"bus", "worker"}) {
            EXPECT_EQ(RunCommand(std::string(HOLDFAST_CTL) + " keygen " + name + " --dir " +
                                 stack_.directory().string())
                          .exit_code,
                      0);
        }
        fs::copy_file(File("worker.key"), File("workers/worker.key"));
        fs::copy_file(certificate_.certificate_file(), File("gateway.pem"));
        fs::copy_file(certificate_.key_file(), File("gateway.key"));
        secrets_ = {SecretKey(File("bus.key_secret")),
                    SecretKey(File("worker.key_secret")),
                    PemLine(File("gateway.key")),
                    "canary-authorization",
                    "canary-cookie",
                    "canary-body"};
        for (const std::string& secret : secrets_) EXPECT_GE(secret.size(), 11U);
    }

    fs::path File(const std::string& name) const { return stack_.directory() / name; }

    std::vector<std::string> WorkerOptions() const {
        return {"--curve-key",         File("worker.key_secret"),
                "--curve-gateway-key", File("bus.key"),
                "--log-level",         "debug"};
    }

    /// Makes the secret in this file one character longer.
    void Damage(const std::string& file, const std::string& secret) const {
        std::string text = Text(File(file));
        text.insert(text.find(secret), "x");
        std::ofstream(File(file)) << text;
    }

    /// A request full of secrets; what the plugin shall do stands in a header.
    CommandResult Ask(const std::string& trouble) const {
        return RunCommand("curl -sS --noproxy '*' --max-time 60 --cacert " +
                          File("gateway.pem").string() + " -H 'trouble: " + trouble +
                          "' -H 'Content-Type: text/plain'"
                          " -H 'Authorization: Bearer canary-authorization'"
                          " -H 'Cookie: session=canary-cookie' -o /dev/null -w '%{http_code}'"
                          " -d canary-body https://localhost:" +
                          std::to_string(stack_.ports().data) + "/v1/trouble");
    }

    void ExpectNone(const std::string& where, const std::string& text) const {
        EXPECT_FALSE(text.empty()) << where;
        for (const std::string& secret : secrets_) {
            EXPECT_THAT(text, Not(HasSubstr(secret))) << "in " << where;
        }
    }

    const test::Certificate certificate_{"localhost"};
    Stack stack_{kConfig};
    std::vector<std::string> secrets_;
};

TEST_F(Secrets, AreInNoLogNoViewAndNoCrashReport) {
    stack_.StartGateway();
    auto options = WorkerOptions();
    options.insert(options.end(), {"--processes", "1"});
    Process& worker = stack_.StartTroubleWorker(2, options);
    ASSERT_TRUE(stack_.WaitForWorkers(1)) << stack_.gateway().Output() << worker.Output();
    EXPECT_EQ(Ask("echo").output, "200");
    EXPECT_EQ(Ask("throw").output, "502");
    EXPECT_EQ(Ask("header-crlf").output, "502");
    EXPECT_EQ(Ask("segfault").output, "502");
    stack_.gateway().Signal(SIGHUP);
    ASSERT_TRUE(stack_.WaitForWorkers(1)) << worker.Output();
    std::thread asks([this] { EXPECT_EQ(Ask("sleep 1000").output, "200"); });
    EXPECT_TRUE(Eventually([this] { return stack_.Pending() == 1; }));
    for (const char* view : {"/metrics", "/v1/workers", "/v1/pending", "/v1/config",
                             "/v1/services/trouble/describe", "/healthz", "/readyz"}) {
        const auto answer = stack_.OpsClient().Get(view);
        EXPECT_TRUE(answer && answer->status == 200) << view;
        if (answer) ExpectNone(view, answer->body);
    }
    asks.join();
    ASSERT_TRUE(Eventually([&] {
        return worker.Output().find("segfault") != std::string::npos ||
               worker.Output().find("SIGSEGV") != std::string::npos;
    })) << worker.Output();
    // What must be there, so that its neighbours would be seen too.
    ASSERT_TRUE(Eventually([&] {
        return stack_.gateway().Output().find("certificate was reloaded") != std::string::npos;
    }));
    EXPECT_THAT(stack_.gateway().Output(), HasSubstr("/v1/trouble"));
    ExpectNone("the gateway's log", stack_.gateway().Output());
    ExpectNone("the worker's log", worker.Output());
}

TEST_F(Secrets, AreInNoAnswerAboutTheConfiguration) {
    std::ofstream(File("g.yaml")) << kConfig;
    for (const char* question : {"--check-config", "--print-config"}) {
        const CommandResult result = RunCommand(stack_.gateway_binary().string() + " --config " +
                                                File("g.yaml").string() + " " + question);
        EXPECT_EQ(result.exit_code, 0) << result.output;
        ExpectNone(question, result.output);
    }
}

TEST_F(Secrets, AreInNoComplaintAboutAFileThatIsDamaged) {
    std::ofstream(File("g.yaml")) << kConfig;
    // The secrets are still in the files, but these are of no use.
    std::ofstream(File("gateway.key")) << "-----BEGIN PRIVATE KEY-----\n" + secrets_[2] + "\n";
    Damage("bus.key_secret", secrets_[0]);
    const std::string command =
        stack_.gateway_binary().string() + " --config " + File("g.yaml").string();
    const CommandResult check = RunCommand(command + " --check-config");
    EXPECT_EQ(check.exit_code, 2);
    ExpectNone("--check-config", check.output);
    const CommandResult start = RunCommand("timeout 20 " + command);
    EXPECT_EQ(start.exit_code, 1);
    ExpectNone("the start", start.output);
    Damage("worker.key_secret", secrets_[1]);
    Process& worker = stack_.StartTroubleWorker(1, WorkerOptions());
    EXPECT_NE(worker.Wait(std::chrono::seconds(20) * SlowFactor()).value_or(0), 0);
    ExpectNone("the worker's start", worker.Output());
}

}  // namespace
}  // namespace holdfast::testing
