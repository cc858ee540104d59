#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::testing {

/// Thousands of clients on one thread, all of the same kind. Who is refused or cut off connects
/// anew.
struct CrowdOptions {
    std::uint16_t port = 0;
    std::size_t connections = 1;
    /// What each client sends, again and again; those of a list in turn.
    std::vector<std::string> requests;
    /// Bytes that a client sends at one time, and how often; 0: all at once.
    std::size_t piece = 0;
    std::chrono::milliseconds piece_every{100};
    /// False: it sends on and never reads an answer, with the smallest buffers.
    bool reads = true;
    /// What a client does once its request is sent.
    enum class Leave : std::uint8_t { kNever, kWithFin, kWithReset };
    Leave leave = Leave::kNever;
    /// What Stop leaves as it is: connected, without a sign of life, as clients whose machine is
    /// gone.
    bool falls_silent = false;
    /// Requests that all of them begin in a second; 0: as many as are answered.
    std::size_t per_second = 0;
    /// Stops by itself after so many answers; 0: when it is destroyed.
    std::size_t answers = 0;
    /// Connections that all of them open in a second.
    std::size_t opened_per_second = 20'000;
};

class Crowd {
  public:
    explicit Crowd(CrowdOptions options);
    /// Ends all connections with a reset.
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// False when `patience` passed before all answers had come. Needs CrowdOptions::answers.
    bool WaitForAnswers(std::chrono::milliseconds patience);
    /// Ends it, all connections with a reset; how many answers had which status. 0: connections
    /// that ended without one.
    std::map<int, std::size_t> Stop();

    bool falls_silent() const { return options_.falls_silent; }
    std::uint64_t opened() const { return opened_; }

  private:
    struct Client;

    void Run();
    void CloseAll();
    bool Open(Client& client);
    void OpenSome();
    void BeginSome();
    void Begin(Client& client);
    void SendSome(Client& client);
    void ReadSome(Client& client);
    void End(Client& client);
    void Leave(Client& client);

    CrowdOptions options_;
    std::map<int, std::size_t> statuses_;  ///< the thread's until it has ended
    std::size_t answers_ = 0;
    std::size_t next_request_ = 0;
    double may_begin_ = 0;
    double may_open_ = 0;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<Client*> closed_;  ///< those that wait to connect
    std::vector<Client*> idle_;    ///< those that wait to begin a request
    int epoll_ = -1;
    std::atomic<std::uint64_t> opened_{0};
    std::atomic<bool> stop_{false};
    std::atomic<bool> done_{false};
    std::thread thread_;
};

}  // namespace holdfast::testing
