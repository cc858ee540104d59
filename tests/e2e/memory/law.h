#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/memory/crowd.h"
#include "tests/e2e/memory/hostile_worker.h"
#include "tests/e2e/memory/memory_cgroup.h"
#include "tests/e2e/memory/samples.h"
#include "tests/support/stack/stack.h"

// What the tests of the memory law share.
namespace holdfast::testing {

inline constexpr std::uint64_t kMiB = 1U << 20U;

/// What makes trouble while it lives.
class Trouble {
  public:
    void Add(CrowdOptions options) {
        crowds_.push_back(std::make_unique<Crowd>(std::move(options)));
    }
    /// Of the service "trouble".
    void AddHostileWorker(std::uint16_t port) {
        hostile_ = std::make_unique<HostileWorker>(port, "trouble");
    }
    /// How many answers of all clients had which status. Those that fall silent stay with this
    /// object.
    std::map<int, std::size_t> Stop();

    bool HasSilent() const;
    std::uint64_t connections_opened() const;
    std::uint64_t hostile_bytes() const { return hostile_bytes_; }

  private:
    std::vector<std::unique_ptr<Crowd>> crowds_;
    std::unique_ptr<HostileWorker> hostile_;
    std::uint64_t hostile_bytes_ = 0;
};

/// A gateway with deploy/small.yaml in a memory cgroup, in which the kernel kills it if it takes
/// more, with a worker of the plugin "trouble" and what makes trouble outside of it.
class MemoryLaw : public ::testing::Test {
  protected:
    using Changes = std::map<std::string, std::string>;

    /// `changes`: values of keys as they stand in deploy/small.yaml, such as "max_connections".
    /// Where it cannot begin, the test is skipped or has failed.
    void Start(std::uint64_t container, const Changes& changes = {});
    bool Started() const { return sampler_ != nullptr; }

    CrowdOptions Clients(std::size_t connections, std::vector<std::string> requests) const;
    /// Who reads no answer, and sends on.
    CrowdOptions SlowReaders(std::size_t connections, const std::string& request) const;
    void StartWorker();

    using Begin = std::function<void(Trouble&)>;
    /// Trouble for so long, then `end`. Then clients that have fallen silent must soon be cut off,
    /// and service must be back. Nothing once the law is broken.
    void Run(
        const std::string& name, std::chrono::steady_clock::duration length, const Begin& begin,
        const std::function<void()>& end = [] {});
    /// Ends the sampling and checks every phase. `csv`: the file of the samples, in the build
    /// folder.
    void Judge(const std::string& csv);

    Stack& stack() { return *stack_; }
    Process& worker() { return *worker_; }
    /// All of them, once Judge has ended the sampling.
    const std::vector<Sample>& samples() { return sampler_->Stop(); }

  private:
    struct Phase {
        std::string name;
        std::optional<std::chrono::milliseconds> recovered;
        bool clients_stayed = false;  ///< silent ones, longer than the timeouts allow
    };
    struct Bounds {
        std::uint64_t resident = 0;
        std::uint64_t total = 0;
    };

    Bounds PrintedBounds() const;
    std::optional<double> FullService() const;
    void AwaitEndOfSilent(Phase& phase);
    double Recover(Phase& phase);
    void JudgePhase(std::size_t index);

    std::unique_ptr<MemoryCgroup> cgroup_;  ///< removed after the gateway has ended
    std::unique_ptr<Stack> stack_;
    Process* worker_ = nullptr;
    Bounds bounds_;
    std::uint64_t max_connections_ = 0;
    double baseline_ = 0;     ///< requests a second before all trouble
    std::uint64_t idle_ = 0;  ///< VmRSS before all trouble
    std::vector<Phase> phases_;
    std::unique_ptr<Sampler> sampler_;
};

/// A POST whose body tells the plugin "trouble" what to do, and is filled up to so many bytes.
std::string Ask(const std::string& path, const std::string& command, std::size_t bytes = 0);
std::string WithHeader(std::string request, const std::string& header);

}  // namespace holdfast::testing
