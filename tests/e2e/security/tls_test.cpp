// HTTPS as users have it: the real gateway, with clients that are not ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/e2e/security/command.h"
#include "tests/support/stack/stack.h"
#include "tests/support/tls/certificate.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using test::Certificate;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"(
listen:
  tls:
    certificate: gateway.pem
    key: gateway.key
)";

class Tls : public ::testing::Test {
  protected:
    void Use(const Certificate& certificate) const {
        const auto replace = fs::copy_options::overwrite_existing;
        fs::copy_file(certificate.certificate_file(), File("gateway.pem"), replace);
        fs::copy_file(certificate.key_file(), File("gateway.key"), replace);
    }
    void Start() {
        Use(first_);
        stack_.StartGateway();
        stack_.StartWorker("echo");
        ASSERT_TRUE(stack_.WaitForWorkers(1));
    }
    fs::path File(const std::string& name) const { return stack_.directory() / name; }
    std::string Url() const {
        return "https://localhost:" + std::to_string(stack_.ports().data) + "/v1/echo";
    }
    CommandResult Curl(const Certificate& trusted, const std::string& options) const {
        return RunCommand("curl -sS --noproxy '*' --max-time 60 --cacert " +
                          trusted.certificate_file() + " -H 'Content-Type: text/plain' " + options);
    }
    bool Says(const std::string& text) {
        return Eventually(
            [&] { return stack_.gateway().Output().find(text) != std::string::npos; });
    }

    const Certificate first_{"localhost"};
    Stack stack_{kConfig};
};

TEST_F(Tls, CurlIsServedWithBothVersionsOnOneConnection) {
    Start();
    for (const char* version : {"--tls-max 1.2", "--tlsv1.3"}) {
        const CommandResult result =
            Curl(first_, std::string(version) + " -w '[%{http_code} %{num_connects}]' -d hello " +
                             Url() + " " + Url());
        EXPECT_EQ(result.exit_code, 0);
        EXPECT_EQ(result.output, "hello[200 1]hello[200 0]");
    }
    const std::string plain = Url().replace(0, 5, "http");
    EXPECT_THAT(Curl(first_, plain).output, HasSubstr("urn:holdfast:problem:plain-http"));
    EXPECT_NE(Curl(first_, "--tls-max 1.1 " + Url()).exit_code, 0);
}

TEST_F(Tls, PythonIsServedAndLargeBodiesGoBothWays) {
    Start();
    std::ofstream(File("ask.py")) << R"(
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
connection = http.client.HTTPSConnection("localhost", int(sys.argv[2]), timeout=60, context=context)
for size in (0, 1, 16384, 60000):
    body = bytes(i * 7 % 251 for i in range(size))
    connection.request("POST", "/v1/echo", body, {"Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    assert answer.read() == body, size
print("all served")
)";
    const CommandResult result =
        RunCommand(std::string(HOLDFAST_PYTHON3) + " " + File("ask.py").string() + " " +
                   first_.certificate_file() + " " + std::to_string(stack_.ports().data));
    EXPECT_EQ(result.output, "all served\n");
}

TEST_F(Tls, SighupServesTheNewCertificateAndABadOneChangesNothing) {
    Start();
    const std::string metric = "holdfast_tls_certificate_expiry_timestamp_seconds";
    const double before = stack_.Metric(metric);
    const Certificate second("localhost", -hours(1), hours(24 * 365));
    Use(second);
    stack_.gateway().Signal(SIGHUP);
    ASSERT_TRUE(Says("the data port's certificate was reloaded"));
    EXPECT_GT(stack_.Metric(metric), before);
    EXPECT_EQ(Curl(second, "-d new " + Url()).output, "new");
    EXPECT_THAT(Curl(first_, "-d old " + Url()).output, HasSubstr("SSL"));

    fs::copy_file(first_.key_file(), File("gateway.key"), fs::copy_options::overwrite_existing);
    stack_.gateway().Signal(SIGHUP);
    ASSERT_TRUE(Says("the data port's certificate stays as it was"));
    EXPECT_TRUE(Says("the key does not belong to the certificate"));
    EXPECT_EQ(Curl(second, "-d still " + Url()).output, "still");
}

TEST_F(Tls, AnEndThatIsNearIsALineAtStart) {
    const Certificate soon("localhost", -hours(1), hours(24 * 13));
    Use(soon);
    stack_.StartGateway();
    EXPECT_TRUE(Says("gateway.pem: the certificate expires soon: 20"));
    const Certificate expired("localhost", -hours(2), -hours(1));
    Use(expired);
    stack_.gateway().Signal(SIGHUP);
    EXPECT_TRUE(Says("gateway.pem: the certificate has expired: 20"));
}

TEST_F(Tls, CheckConfigReadsTheFilesToo) {
    Use(first_);
    std::ofstream(File("g.yaml")) << kConfig;
    const std::string command =
        stack_.gateway_binary().string() + " --check-config --config " + File("g.yaml").string();
    EXPECT_EQ(RunCommand(command).exit_code, 0) << RunCommand(command).output;
    fs::remove(File("gateway.key"));
    const CommandResult result = RunCommand(command);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.output, AllOf(HasSubstr("g.yaml:4:18: 'listen.tls': "),
                                     HasSubstr("gateway.key: cannot be read: No such file")));
}

}  // namespace
}  // namespace holdfast::testing
