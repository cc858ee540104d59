#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/messages.h"
#include "tests/sim/scheduler.h"

namespace holdfast::sim {

/// One direction of a connection: in order, with a delay, bounded.
template <typename Message>
struct Pipe {
    std::size_t capacity = 0;
    std::deque<Message> arrived;  ///< not read yet
    std::deque<Message> held;     ///< on the way, the network is partitioned
    std::size_t on_the_way = 0;
    TimePoint last_arrival;
    bool partitioned = false;           ///< nothing passes for now
    bool next_comes_twice = false;      ///< something between the two repeats an envelope
    std::function<void()> wake_reader;  ///< empty once the reader is gone

    bool full() const { return arrived.size() + held.size() + on_the_way >= capacity; }
};

/// One TCP connection from a worker to a gateway. On a live connection nothing is lost or
/// reordered; a dying one loses what had not arrived.
struct Connection {
    gateway::PeerId peer;
    std::size_t gateway = 0;
    std::size_t worker = 0;
    Random random{0};
    bool broken = false;               ///< nothing enters any more
    TimePoint cut = TimePoint::max();  ///< what arrives after this is lost
    bool closed_at_gateway = false;    ///< that side knows that it is broken
    bool closed_at_worker = false;
    bool doubled = false;  ///< an envelope came twice: the two sides' sums differ
    std::function<void()> on_closed_at_gateway;
    std::function<void()> on_closed_at_worker;
    Pipe<ToWorker> to_worker;
    Pipe<ToGateway> to_gateway;
};

using ConnectionRef = std::shared_ptr<Connection>;

enum class Direction : std::uint8_t { kToWorker, kToGateway, kBoth };

class Network {
  public:
    Network(Scheduler& scheduler, Coverage& coverage, std::uint64_t seed, Duration longest_delay)
        : scheduler_(scheduler), coverage_(coverage), seed_(seed), longest_(longest_delay) {}

    ConnectionRef Open(std::size_t gateway, std::size_t worker);

    void Send(const ConnectionRef& connection, ToWorker message);
    void Send(const ConnectionRef& connection, ToGateway message);

    /// Each side that still lives notices after a while.
    void Break(const ConnectionRef& connection);
    void Partition(const ConnectionRef& connection, Direction direction, Duration how_long);
    void Heal(const ConnectionRef& connection);

    /// Those that are not broken and have these ends; without one, with any.
    std::vector<ConnectionRef> Living(std::optional<std::size_t> gateway = {},
                                      std::optional<std::size_t> worker = {}) const;

  private:
    template <typename Message>
    void Put(const ConnectionRef& connection, Pipe<Message> Connection::*which, Message message);
    template <typename Message>
    void Arrive(Connection& connection, Pipe<Message>& pipe, std::uint64_t sent, Message message);
    template <typename Message>
    void Release(const Connection& connection, Pipe<Message>& pipe);

    Scheduler& scheduler_;
    Coverage& coverage_;
    const std::uint64_t seed_;
    const Duration longest_;
    std::uint64_t last_peer_ = 0;
    std::uint64_t last_sent_ = 0;
    std::uint64_t last_arrived_ = 0;  ///< the latest of those sent that has arrived
    std::vector<std::weak_ptr<Connection>> connections_;
};

}  // namespace holdfast::sim
