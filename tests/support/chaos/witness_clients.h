#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::testing {

/// What was told of one correlation id.
struct WitnessAnswer {
    int status = 0;
    std::string processed;
    bool idempotent = false;
};

/// Clients of the trouble plugin, whose journal says which requests were started and how often:
/// what the gateway says of that is held against it. /v1/safe may be redispatched, /v1/once not.
/// Thread: one; the clients have their own.
class WitnessClients {
  public:
    /// `ports` of gateways on this machine. They begin at once.
    WitnessClients(std::vector<std::uint16_t> ports, std::size_t clients, std::uint64_t seed);
    ~WitnessClients();
    WitnessClients(const WitnessClients&) = delete;
    WitnessClients& operator=(const WitnessClients&) = delete;

    /// The answers that carried an id, by id.
    std::map<std::string, WitnessAnswer> Stop();

  private:
    void Serve(std::size_t index);

    const std::vector<std::uint16_t> ports_;
    const std::uint64_t seed_;
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::map<std::string, WitnessAnswer> answers_;  ///< guarded by mutex_
    std::vector<std::thread> clients_;
};

/// What the journal of the trouble plugin says against what clients were told, in words.
std::vector<std::string> Contradictions(const std::map<std::string, WitnessAnswer>& answers,
                                        const std::filesystem::path& journal);

}  // namespace holdfast::testing
