// Slow clients by slowhttptest: Slowloris, RUDY and slow reading. The others are served all the
// while, and the slow ones are cut off at the limits of the configuration.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/e2e/http/foreign_program.h"
#include "tests/support/stack/ordinary_client.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

constexpr const char* kConfig = R"(
limits:
  head_timeout: 2s
  body_timeout: 20s
  body_min_rate: 1KiB
  idle_timeout: 2s
  write_timeout: 2s
routes:
  - {path: /echo, methods: [GET, POST], service: trouble, timeout: 20s, body_limit: 64KiB}
  - {path: "/{command}/{argument}", methods: [GET], service: trouble, timeout: 20s}
)";
constexpr int kSlow = 200;

/// Sees, while the object lives, whether so many slow connections came and were cut off.
class CutOffWatch {
  public:
    explicit CutOffWatch(const Stack& stack)
        : thread_([this, &stack] {
              while (!stop_) {
                  const double now = stack.Metric("holdfast_connections");
                  came_ = came_ || now >= kSlow / 2.0;
                  gone_ = came_ && now <= 5 ? gone_ + 1 : 0;
                  cut_off_ = cut_off_ || gone_ >= 3;
                  std::this_thread::sleep_for(std::chrono::milliseconds(100));
              }
          }) {}
    ~CutOffWatch() { Stop(); }
    bool Stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        return cut_off_;
    }

  private:
    std::atomic<bool> stop_{false};
    bool came_ = false;
    int gone_ = 0;  ///< looks in a row; one alone may be the end of the attack itself
    bool cut_off_ = false;
    std::thread thread_;
};

/// slowhttptest's own account, second by second.
struct Account {
    int seconds = 0;
    int available = 0;  ///< in which its probe was answered
};

class SlowClients : public ::testing::Test {
  protected:
    SlowClients() {
        stack_.StartGateway();
        stack_.StartTroubleWorker();
        EXPECT_TRUE(stack_.WaitForWorkers(1));
    }

    Account Attack(std::vector<std::string> arguments, const std::string& path) {
        const std::string out = stack_.directory() / "slow";
        std::vector<std::string> command = {"slowhttptest", "-g",
                                            "-o",           out,
                                            "-v",           "0",
                                            "-p",           "5",
                                            "-c",           std::to_string(kSlow),
                                            "-r",           std::to_string(kSlow)};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.insert(command.end(),
                       {"-u", "http://127.0.0.1:" + std::to_string(stack_.ports().data) + path});
        OrdinaryClient other(stack_, "/echo", "echo");
        output_ = RunProgram(command, stack_.directory()).output;
        EXPECT_TRUE(Eventually([&] { return stack_.Metric("holdfast_connections") <= 1; }))
            << "slow ones are still connected";
        other.Stop();
        EXPECT_GT(other.asked(), 10);
        EXPECT_EQ(other.unserved(), 0) << "an ordinary client went without its answer";
        return Read(out + ".csv");
    }

    std::string output_;
    Stack stack_{kConfig};

  private:
    static Account Read(const std::string& file) {
        Account account;
        std::ifstream in(file);
        std::string line;
        std::getline(in, line);
        while (std::getline(in, line)) {
            std::istringstream fields(line);
            std::vector<int> numbers;
            for (std::string field; std::getline(fields, field, ',');) {
                numbers.push_back(std::stoi(field));
            }
            // Seconds, Closed, Pending, Connected, Service Available
            if (numbers.size() != 5) continue;
            ++account.seconds;
            account.available += numbers[4] > 0 ? 1 : 0;
        }
        return account;
    }
};

TEST_F(SlowClients, SlowlorisIsCutOffWithItsHeadsAndHoldsNobodyUp) {
    HOLDFAST_NEED_PROGRAM("slowhttptest", "slowhttptest");
    const Account account = Attack({"-H", "-i", "1", "-x", "24", "-l", "8", "-t", "GET"}, "/echo");
    EXPECT_GT(account.seconds, 0) << output_;
    EXPECT_EQ(account.available, account.seconds) << output_;
    EXPECT_GE(stack_.Metric("holdfast_requests_total{outcome=\"rejected\"}"), kSlow);
}

TEST_F(SlowClients, RudyIsCutOffByTheMinimumRateAndHoldsNobodyUp) {
    HOLDFAST_NEED_PROGRAM("slowhttptest", "slowhttptest");
    const Account account =
        Attack({"-B", "-i", "1", "-x", "10", "-s", "8192", "-l", "8", "-t", "POST"}, "/echo");
    EXPECT_GT(account.seconds, 0) << output_;
    EXPECT_EQ(account.available, account.seconds) << output_;
    EXPECT_GE(stack_.Metric("holdfast_requests_total{outcome=\"rejected\"}"), kSlow);
}

TEST_F(SlowClients, SlowReadersAreCutOffByTheWriteTimeoutAndHoldNobodyUp) {
    HOLDFAST_NEED_PROGRAM("slowhttptest", "slowhttptest");
    CutOffWatch watch(stack_);
    // More than the kernel takes for a connection that does not read.
    const Account account = Attack(
        {"-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-l", "10"}, "/bytes/500000");
    EXPECT_TRUE(watch.Stop()) << output_;
    EXPECT_GT(account.seconds, 0) << output_;
    EXPECT_EQ(account.available, account.seconds) << output_;
    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
}

}  // namespace
}  // namespace holdfast::testing
