#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace holdfast::testing {

/// What a link does to the bytes that cross it, in both directions unless it says one.
struct LinkBehaviour {
    bool stalled = false;                ///< nothing moves; connections stay open
    bool forth_stalled = false;          ///< nothing moves to the target
    std::uint32_t bytes_per_second = 0;  ///< of each direction of each connection; 0: no limit
    std::uint32_t corrupt_one_in = 0;    ///< one bit of about so many bytes is flipped; 0: none
    std::uint32_t cut_forth_within =
        0;                              ///< each connection is reset after 1..N bytes to the target
    std::uint32_t cut_back_within = 0;  ///< the same for bytes from the target
};

/// What a link did so far.
struct LinkCounts {
    std::uint64_t connections = 0;
    std::uint64_t cut = 0;
    std::uint64_t corrupted = 0;  ///< bits
};

/// A TCP link between two programs of this machine that misbehaves as told: it listens on one port
/// of 127.0.0.1 and carries each connection to another. At most 256 connections, 64 KiB each way.
/// Chance comes from the seed only. Thread: any; the bytes are moved by one thread of its own,
/// which ends with this object, as do its connections.
class TcpProxy {
  public:
    /// Throws std::system_error when it cannot listen.
    TcpProxy(std::uint16_t port, std::uint16_t target, std::uint64_t seed);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    std::uint16_t port() const { return port_; }

    /// From now on, for connections that are there and new ones. The default heals the link.
    void Behave(const LinkBehaviour& behaviour = {});
    /// Resets every connection. New ones are taken.
    void Cut();
    LinkCounts counts() const;

  private:
    /// The bytes of one direction.
    struct Pump {
        int from = -1;
        int to = -1;
        std::string held;
        double allowance = 0;          ///< bytes that may be moved while the speed is limited
        std::uint64_t until_flip = 0;  ///< bytes
        std::uint64_t until_cut = 0;   ///< bytes; 0: no cut
        bool ended = false;            ///< the sender has closed, and it was passed on
    };
    struct Link {
        Pump forth;
        Pump back;
        std::uint64_t epoch = 0;  ///< of the behaviour that its cuts were drawn for
    };

    void Run();
    void Accept();
    void Draw(Link& link);
    void Refill();
    /// False when the connection is over.
    bool Move(Pump& pump);
    void Corrupt(Pump& pump);
    static void Reset(const Link& link);
    void Wake() const;

    const std::uint16_t port_;
    const std::uint16_t target_;
    int listener_ = -1;
    int wake_ = -1;

    mutable std::mutex mutex_;
    LinkBehaviour wanted_;     ///< guarded by mutex_
    std::uint64_t epoch_ = 1;  ///< guarded by mutex_
    std::uint64_t cuts_ = 0;   ///< guarded by mutex_
    bool stopping_ = false;    ///< guarded by mutex_
    LinkCounts counts_;        ///< guarded by mutex_

    // Of the thread.
    std::mt19937_64 random_;
    LinkBehaviour now_;
    std::uint64_t now_epoch_ = 1;
    std::uint64_t cuts_done_ = 0;
    std::list<Link> links_;
    std::chrono::steady_clock::time_point refilled_ = std::chrono::steady_clock::now();

    std::thread thread_;  ///< last: it uses what is above
};

}  // namespace holdfast::testing
