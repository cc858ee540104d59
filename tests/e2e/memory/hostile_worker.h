#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace holdfast::testing {

/// A worker that joins as everybody does and then sends, as fast as its socket takes it, replies
/// that nobody waits for: of unknown ids, as large as they may be and larger, in envelopes of many
/// and in envelopes that are too large, with credit without end, and bytes that are no envelope.
/// What the gateway ends, it begins anew. It takes all requests and answers each with the largest
/// reply, whatever credit it has for that.
class HostileWorker {
  public:
    HostileWorker(std::uint16_t port, std::string service);
    ~HostileWorker();
    HostileWorker(const HostileWorker&) = delete;
    HostileWorker& operator=(const HostileWorker&) = delete;

    std::uint64_t bytes_sent() const { return bytes_; }
    std::uint64_t sessions() const { return sessions_; }

  private:
    void Run();
    void Session();

    std::uint16_t port_;
    std::string service_;
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> sessions_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace holdfast::testing
