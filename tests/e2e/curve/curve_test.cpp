// An encrypted leg between the real programs, with the keys that holdfastctl makes.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;

class Curve : public ::testing::Test {
  protected:
    Curve() {
        fs::create_directories(keys());
        fs::create_directories(known());
        for (const char* name : {"gateway", "worker-a", "worker-b"}) {
            const std::string command = std::string(HOLDFAST_CTL) + " keygen " + name + " --dir '" +
                                        keys().string() + "' >/dev/null";
            EXPECT_EQ(std::system(command.c_str()), 0) << command;
        }
        Introduce("worker-a");
        stack_.StartGateway({{"HOLDFAST_BUS_CURVE_SECRET_KEY", keys() / "gateway.key_secret"},
                             {"HOLDFAST_BUS_CURVE_WORKERS", known()}});
    }

    fs::path keys() const { return stack_.directory() / "keys"; }
    fs::path known() const { return stack_.directory() / "known"; }
    void Introduce(const std::string& worker) const {
        fs::copy_file(keys() / (worker + ".key"), known() / (worker + ".key"));
    }
    Process& StartWorker(const std::string& name) {
        return stack_.StartWorker("echo", {"--curve-key", keys() / (name + ".key_secret"),
                                           "--curve-gateway-key", keys() / "gateway.key"});
    }
    bool Says(const Process& process, const std::string& text) const {
        return Eventually([&] { return process.Output().find(text) != std::string::npos; });
    }

    Stack stack_;
};

TEST_F(Curve, OnlyAWorkerWithAKnownKeyServesAndTheOthersAreTold) {
    StartWorker("worker-a");
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    EXPECT_TRUE(Says(StartWorker("worker-b"), "refused the handshake: it does not know"));
    EXPECT_TRUE(Says(stack_.StartWorker("echo"), "its leg is encrypted, and this worker has no"));
    EXPECT_TRUE(Says(stack_.gateway(), "their key is not among the workers'"));
    EXPECT_TRUE(stack_.WaitForWorkers(1));
    EXPECT_GT(stack_.Metric("holdfast_bus_handshakes_refused_total"), 0);
    httplib::Client client = stack_.Client();
    for (int i = 0; i < 20; ++i) {
        const auto answer = client.Post("/v1/echo", "hello " + std::to_string(i), "text/plain");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body, "hello " + std::to_string(i));
    }
}

TEST_F(Curve, SighupLetsInAWorkerThatWasIntroducedMeanwhile) {
    Process& worker = StartWorker("worker-b");
    ASSERT_TRUE(Says(worker, "refused the handshake"));
    Introduce("worker-b");
    stack_.gateway().Signal(SIGHUP);
    EXPECT_TRUE(stack_.WaitForWorkers(1)) << stack_.gateway().Output();
    EXPECT_TRUE(Says(stack_.gateway(), "the workers' keys were reloaded"));

    // Keys that cannot be read leave everything as it is.
    fs::remove_all(known());
    stack_.gateway().Signal(SIGHUP);
    EXPECT_TRUE(Says(stack_.gateway(), "the workers' keys stay as they were"));
    EXPECT_TRUE(stack_.WaitForWorkers(1));
    stack_.gateway().Signal(SIGTERM);
    EXPECT_EQ(stack_.gateway().Wait(std::chrono::seconds(30) * SlowFactor()), 0)
        << "a SIGHUP is no second signal";
}

TEST_F(Curve, SighupGivesAWorkerTheKeyThatItsFileHoldsNow) {
    const fs::path mine = keys() / "mine.key_secret";
    const auto become = [&](const std::string& name) {
        fs::copy_file(keys() / name, mine, fs::copy_options::overwrite_existing);
    };
    become("worker-b.key_secret");
    Process& worker = StartWorker("mine");
    ASSERT_TRUE(Says(worker, "refused the handshake"));
    become("worker-a.key_secret");
    worker.Signal(SIGHUP);
    EXPECT_TRUE(Says(worker, "the keys were reloaded"));
    EXPECT_TRUE(stack_.WaitForWorkers(1)) << worker.Output();

    // One that cannot be used leaves everything as it is.
    become("worker-a.key");
    worker.Signal(SIGHUP);
    EXPECT_TRUE(
        Says(worker, "the keys stay as they were: " + mine.string() + ": has no secret-key"));
    const auto answer = stack_.Client().Post("/v1/echo", "still here", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "still here");
    worker.Signal(SIGTERM);
    EXPECT_EQ(worker.Wait(std::chrono::seconds(30) * SlowFactor()), 0);
}

TEST_F(Curve, ANewKeyOfAWorkerEndsNoSession) {
    const fs::path mine = keys() / "mine.key_secret";
    fs::copy_file(keys() / "worker-a.key_secret", mine);
    Process& worker = StartWorker("mine");
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    fs::copy_file(keys() / "worker-b.key_secret", mine, fs::copy_options::overwrite_existing);
    worker.Signal(SIGHUP);
    ASSERT_TRUE(Says(worker, "the keys were reloaded"));
    const auto answer = stack_.Client().Post("/v1/echo", "hello", "text/plain");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(worker.Output().find("is over"), std::string::npos) << worker.Output();
}

}  // namespace
}  // namespace holdfast::testing
