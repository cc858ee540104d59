#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/memory/memory_cgroup.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {

/// One moment of the gateway.
struct Sample {
    double seconds = 0;  ///< since the first one
    std::size_t phase = 0;
    std::uint64_t resident = 0;  ///< VmRSS
    MemoryCgroup::Usage cgroup;
    // As the ops port has them, at most a second old.
    std::uint64_t pending_requests = 0;
    std::uint64_t pending_bytes = 0;
    std::uint64_t reply_bytes = 0;
    std::uint64_t connections = 0;
};

/// Samples a gateway every 100 ms until it is stopped, on threads of its own.
class Sampler {
  public:
    Sampler(const Stack& stack, const Process& gateway, const MemoryCgroup& cgroup);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    void Enter(std::size_t phase) { phase_ = phase; }
    /// All of them, in order. Stops the sampling.
    const std::vector<Sample>& Stop();

  private:
    void SampleUntilStopped(const Process& gateway, const MemoryCgroup& cgroup);
    void AskUntilStopped(const Stack& stack);

    std::vector<Sample> samples_;  ///< the sampling thread's until it has ended
    std::atomic<std::size_t> phase_{0};
    std::array<std::atomic<std::uint64_t>, 4> figures_{};
    std::atomic<bool> stop_{false};
    std::thread sampling_;
    std::thread asking_;
};

/// The largest value of one figure in a phase.
std::uint64_t PeakIn(const std::vector<Sample>& samples, std::size_t phase,
                     const std::function<std::uint64_t(const Sample&)>& figure);

/// A line with the columns' names and units, then a line for each sample.
void WriteCsv(const std::filesystem::path& file, const std::vector<Sample>& samples,
              const std::vector<std::string>& phases);

}  // namespace holdfast::testing
