// Several worker processes under one supervisor, seen from their clients and their operator.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::seconds;

// Beside another test a worker may be held up for longer than the default of 700 ms.
constexpr const char* kRoutes = R"(
bus: {peer_timeout: 10s}
routes:
  - {path: /v1/version, methods: [POST], service: version, timeout: 30s}
  - {path: /v1/trouble, methods: [POST], service: trouble, timeout: 30s}
)";

std::filesystem::path Build(int version) {
    return std::filesystem::path(HOLDFAST_PLUGIN_DIR) /
           ("libholdfast_version" + std::to_string(version) + ".so");
}

/// Clients that ask without a pause until they are told to stop.
class Load {
  public:
    Load(const Stack& stack, int clients) {
        for (int i = 0; i < clients; ++i) {
            threads_.emplace_back([this, &stack] {
                auto client = stack.Client();
                while (!stop_) Count(client.Post("/v1/version", "", "text/plain"));
            });
        }
    }
    ~Load() { Stop(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    void Stop() {
        stop_ = true;
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }
    /// How many answers were this, such as "200 v1".
    std::map<std::string, std::size_t> answers() const {
        const std::lock_guard lock(mutex_);
        return answers_;
    }

  private:
    void Count(const httplib::Result& result) {
        const std::string answer = result ? std::to_string(result->status) + " " + result->body
                                          : to_string(result.error());
        const std::lock_guard lock(mutex_);
        ++answers_[answer];
    }

    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::map<std::string, std::size_t> answers_;
    std::vector<std::thread> threads_;
};

class Reload : public ::testing::Test {
  protected:
    Reload() : stack_(kRoutes), plugin_(stack_.directory() / "plugin.so") {
        stack_.StartGateway();
        std::filesystem::copy_file(Build(1), plugin_);
    }
    ~Reload() override {
        if (HasFailure() && worker_) std::cerr << worker_->Output();
    }

    void StartWorker(const std::vector<std::string>& more) {
        std::vector<std::string> command = {Program("holdfast-worker"),
                                            "--plugin",
                                            plugin_,
                                            "--gateway",
                                            "tcp://127.0.0.1:" + std::to_string(stack_.ports().bus),
                                            "--processes",
                                            "2"};
        command.insert(command.end(), more.begin(), more.end());
        worker_ = std::make_unique<Process>(command, stack_.directory() / "supervisor.log");
        ASSERT_TRUE(stack_.WaitForWorkers(2)) << worker_->Output();
    }
    std::string Program(const std::string& name) const {
        return stack_.gateway_binary().parent_path() / name;
    }
    /// As a linker or a careful install does it.
    void Replace(const std::filesystem::path& build) {
        std::filesystem::copy_file(build, stack_.directory() / "next.so",
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::rename(stack_.directory() / "next.so", plugin_);
    }
    bool WaitLogged(const std::string& text) {
        return Eventually([&] { return worker_->Output().find(text) != std::string::npos; },
                          seconds(60));
    }
    /// A reload under load: nothing fails, and from its end on all answers are the new build's.
    void ExpectReloadWithoutAFailure(const std::function<void()>& reload) {
        Load load(stack_, 8);
        ASSERT_TRUE(Eventually([&] { return load.answers()["200 v1"] >= 200; }, seconds(60)));
        reload();
        ASSERT_TRUE(WaitLogged("reloaded: generation 2 serves"));
        ASSERT_TRUE(stack_.WaitForWorkers(2, seconds(60))) << "the old ones have ended";
        const std::size_t old = load.answers()["200 v1"];
        const std::size_t fresh = load.answers()["200 v2"];
        ASSERT_TRUE(
            Eventually([&] { return load.answers()["200 v2"] >= fresh + 200; }, seconds(60)));
        load.Stop();
        auto answers = load.answers();
        // One for each client may have been answered before the old ones ended and counted since.
        EXPECT_LE(answers["200 v1"], old + 8);
        answers.erase("200 v1");
        answers.erase("200 v2");
        EXPECT_TRUE(answers.empty()) << answers.begin()->first << ": " << answers.begin()->second;
    }

    Stack stack_;
    const std::filesystem::path plugin_;
    std::unique_ptr<Process> worker_;
};

TEST_F(Reload, ByAHangupNoRequestFailsAndTheNewBuildAnswers) {
    StartWorker({});
    ExpectReloadWithoutAFailure([this] {
        Replace(Build(2));
        worker_->Signal(SIGHUP);
    });
}

TEST_F(Reload, WhenTheFileIsOverwrittenInPlaceNoRequestFailsEither) {
    StartWorker({"--watch"});
    ExpectReloadWithoutAFailure([this] {
        std::filesystem::copy_file(Build(2), plugin_,
                                   std::filesystem::copy_options::overwrite_existing);
    });
    const auto workers = stack_.Ops("/v1/workers");
    for (const auto& worker : workers["workers"]) {
        EXPECT_EQ(worker["process"]["generation"], 2) << worker;
        EXPECT_EQ(worker["process"]["restarts"], 0) << worker;
    }
}

TEST_F(Reload, ABuildThatDoesNotLoadLeavesTheOldOneServing) {
    StartWorker({"--watch"});
    Load load(stack_, 4);
    std::ofstream(stack_.directory() / "bad.so") << "no shared object";
    Replace(stack_.directory() / "bad.so");
    ASSERT_TRUE(WaitLogged("reload failed: "));
    const std::size_t before = load.answers()["200 v1"];
    EXPECT_TRUE(Eventually([&] { return load.answers()["200 v1"] >= before + 100; }, seconds(60)));
    load.Stop();
    EXPECT_EQ(load.answers().size(), 1U);
}

TEST_F(Reload, TheOperatorSeesCrashesAndAsksTheProcesses) {
    std::filesystem::copy_file(
        std::filesystem::path(HOLDFAST_PLUGIN_DIR) / "libholdfast_trouble.so", plugin_,
        std::filesystem::copy_options::overwrite_existing);
    StartWorker({});
    const auto aborted = stack_.Client().Post("/v1/trouble", "abort", "text/plain");
    ASSERT_TRUE(aborted);
    EXPECT_EQ(aborted->status, 502);
    ASSERT_TRUE(Eventually(
        [&] {
            const auto workers = stack_.Ops("/v1/workers");
            for (const auto& worker : workers["workers"]) {
                if (worker["process"]["restarts"] == 1) {
                    return worker["process"]["last_crash"] == "SIGABRT";
                }
            }
            return false;
        },
        seconds(60)));
    ASSERT_TRUE(stack_.WaitForWorkers(2, seconds(60)));
    const std::string ops = "http://127.0.0.1:" + std::to_string(stack_.ports().ops);
    const auto ask = [&](const std::string& verb) {
        Process ctl({Program("holdfastctl"), "--ops", ops, verb, "trouble"},
                    stack_.directory() / (verb + ".txt"));
        EXPECT_EQ(ctl.Wait(seconds(60)), 0) << ctl.Output();
        return ctl.Output();
    };
    EXPECT_NE(ask("ping").find(" ms"), std::string::npos);
    const std::string described = ask("describe");
    EXPECT_NE(described.find("plugin trouble 1, interface 1."), std::string::npos) << described;
    EXPECT_NE(described.find("received 0"), std::string::npos) << described;
}

TEST_F(Reload, ATermSignalDrainsEveryProcessAndLosesNothing) {
    StartWorker({});
    Load load(stack_, 4);
    ASSERT_TRUE(Eventually([&] { return load.answers()["200 v1"] >= 100; }, seconds(60)));
    worker_->Signal(SIGTERM);
    EXPECT_EQ(worker_->Wait(seconds(60)), 0);
    load.Stop();
    for (const auto& [answer, count] : load.answers()) {
        // Once no worker is left: never sent, and safe to retry.
        EXPECT_TRUE(answer == "200 v1" || answer.starts_with("503 ")) << answer;
    }
}

}  // namespace
}  // namespace holdfast::testing
