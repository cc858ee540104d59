// Clients that others have written, against the real programs: what they think of our HTTP.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/e2e/http/foreign_program.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

constexpr const char* kConfig = R"(
routes:
  - {path: /echo, methods: [GET, POST, PUT], service: echo, timeout: 20s, body_limit: 512KiB}
)";

class ForeignClients : public ::testing::Test {
  protected:
    ForeignClients() {
        stack_.StartGateway();
        stack_.StartWorker("echo");
        EXPECT_TRUE(stack_.WaitForWorkers(1));
    }
    ~ForeignClients() override {
        EXPECT_EQ(stack_.Metric("holdfast_requests_total{outcome=\"rejected\"}"), rejected_);
        EXPECT_TRUE(Eventually([this] { return stack_.Pending() == 0; }));
    }

    std::string Url() const {
        return "http://127.0.0.1:" + std::to_string(stack_.ports().data) + "/echo";
    }
    std::string FileOf(std::size_t bytes) const {
        const auto file = stack_.directory() / ("body-" + std::to_string(bytes));
        std::ofstream(file) << std::string(bytes, 'x');
        return file;
    }
    ProgramResult Run(const std::vector<std::string>& command) const {
        return RunProgram(command, stack_.directory());
    }
    /// curl with these arguments; the output ends with what its --write-out says.
    ProgramResult Curl(std::vector<std::string> arguments) const {
        std::vector<std::string> command = {
            "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        return Run(command);
    }

    const std::string count_ = std::to_string(2000 / SlowFactor());
    double rejected_ = 0;
    Stack stack_{kConfig};
};

TEST_F(ForeignClients, H2loadOverHttp1GetsEveryAnswer) {
    HOLDFAST_NEED_PROGRAM("h2load", "nghttp2-client");
    for (const char* const concurrent : {"1", "20"}) {
        const auto result = Run({"h2load", "--h1", "-n", count_, "-c", "20", "-m", concurrent, "-d",
                                 FileOf(300), Url()});
        EXPECT_EQ(result.status, 0) << result.output;
        EXPECT_EQ(result.Number(R"((\d+) succeeded)"), std::stod(count_)) << result.output;
        EXPECT_EQ(result.Number(R"((\d+) 2xx)"), std::stod(count_)) << result.output;
    }
}

TEST_F(ForeignClients, WrkSeesNoError) {
    HOLDFAST_NEED_PROGRAM("wrk", "wrk");
    const auto result = Run({"wrk", "-t", "1", "-c", "20", "-d", "2s", "--timeout", "20s", Url()});
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_GT(result.Number(R"((\d+) requests in)"), 0) << result.output;
    EXPECT_EQ(result.output.find("Non-2xx"), std::string::npos) << result.output;
    EXPECT_EQ(result.output.find("Socket errors"), std::string::npos) << result.output;
    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
}

TEST_F(ForeignClients, ApacheBenchGetsEveryAnswerInHttp10WithAndWithoutKeepAlive) {
    HOLDFAST_NEED_PROGRAM("ab", "apache2-utils");
    for (const bool kept : {false, true}) {
        std::vector<std::string> command = {"ab", "-q", "-n",        count_, "-c",
                                            "10", "-p", FileOf(300), "-T",   "text/plain"};
        if (kept) command.emplace_back("-k");
        command.push_back(Url());
        const auto result = Run(command);
        EXPECT_EQ(result.status, 0) << result.output;
        EXPECT_EQ(result.Number(R"(Complete requests:\s+(\d+))"), std::stod(count_));
        EXPECT_EQ(result.Number(R"(Failed requests:\s+(\d+))"), 0) << result.output;
        EXPECT_EQ(result.output.find("Non-2xx"), std::string::npos) << result.output;
        EXPECT_EQ(result.Number(R"(Keep-Alive requests:\s+(\d+))"), kept ? std::stod(count_) : -1);
    }
}

TEST_F(ForeignClients, CurlUploadsChunkedWithAnExpectationAndWhole) {
    HOLDFAST_NEED_PROGRAM("curl", "curl");
    const std::string file = FileOf(500'000);
    const std::string counts = "%{http_code} %{size_download}\n";
    const auto out = (stack_.directory() / "answer").string();
    for (const std::vector<std::string>& headers :
         {std::vector<std::string>{"-H", "Transfer-Encoding: chunked"},
          std::vector<std::string>{"-H", "Expect: 100-continue"},
          std::vector<std::string>{"-H", "Expect:"}, std::vector<std::string>{"--http1.0"}}) {
        std::vector<std::string> arguments = {"-T", file, "-o", out, "-w", counts, Url()};
        // HTTP/1.0 has no chunks: its length comes from the file.
        arguments.insert(arguments.begin(), headers.begin(), headers.end());
        const auto result = Curl(arguments);
        EXPECT_EQ(result.status, 0) << result.output;
        EXPECT_EQ(result.output, "200 500000\n") << headers.back();
    }
}

TEST_F(ForeignClients, CurlUnderstandsHeadRefusalsAndSeveralAtOnce) {
    HOLDFAST_NEED_PROGRAM("curl", "curl");
    const std::string code = "%{http_code} %{num_connects}\n";
    EXPECT_EQ(Curl({"--head", "-o", "/dev/null", "-w", code, Url()}).output, "200 1\n");
    // One connection for three requests, of which the second is refused.
    EXPECT_EQ(Curl({"-o", "/dev/null", "-w", code, Url(), Url() + "/none", Url()}).status, 0);
    const auto three = Curl({"-w", code, Url(), "-w", code, Url() + "s", Url()}).output;
    EXPECT_GE(std::count(three.begin(), three.end(), '\n'), 3) << three;
    rejected_ += 2;
    const std::string url = Url() + "?n=[1-50]";
    const auto parallel = Curl({"--no-progress-meter", "--parallel", "--parallel-max", "25", "-o",
                                "/dev/null", "-w", "%{http_code}\n", url});
    EXPECT_EQ(parallel.status, 0) << parallel.output;
    const std::string all = parallel.output;
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 50) << all;
    EXPECT_TRUE(std::regex_match(all, std::regex("(200\n)*"))) << all;
}

TEST_F(ForeignClients, CurlGivesUpOnABodyThatIsTooLargeAndSeesTheAnswer) {
    HOLDFAST_NEED_PROGRAM("curl", "curl");
    const auto result =
        Curl({"-T", FileOf(3'000'000), "-o", "/dev/null", "-w", "%{http_code}\n", Url()});
    EXPECT_EQ(result.output.substr(0, 4), "413\n") << result.output;
    ++rejected_;
}

TEST_F(ForeignClients, CurlTriesAgainAsTheAnswerTellsIt) {
    HOLDFAST_NEED_PROGRAM("curl", "curl");
    Stack without(kConfig);
    without.StartGateway();
    const std::string url = "http://127.0.0.1:" + std::to_string(without.ports().data) + "/echo";
    const std::string out = stack_.directory() / "answer";
    ProgramResult result;
    std::jthread curl([&] {
        result = Curl({"--retry", "50", "-o", out, "-w", "%{http_code}\n", url});
    });
    EXPECT_TRUE(Eventually(
        [&] { return without.Metric("holdfast_requests_total{outcome=\"no-worker\"}") >= 1; }));
    // Not by the other thread: what a thread has started ends with it.
    without.StartWorker("echo");
    curl.join();
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_NE(result.output.find("200\n"), std::string::npos) << result.output;
}

TEST_F(ForeignClients, AiohttpStreamsBodiesOverKeptConnections) {
    if (std::system("/usr/bin/python3 -c 'import aiohttp' 2>/dev/null") != 0) {
        GTEST_SKIP() << "no aiohttp: Debian's package is python3-aiohttp";
    }
    const auto log = stack_.directory() / "aiohttp.log";
    Process client({"/usr/bin/python3", HOLDFAST_AIOHTTP_CLIENT, Url(), count_}, log);
    EXPECT_EQ(client.Wait(std::chrono::seconds(100)), 0) << client.Output();
    EXPECT_NE(client.Output().find("0 wrong"), std::string::npos) << client.Output();
}

}  // namespace
}  // namespace holdfast::testing
