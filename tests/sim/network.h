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
    std::function<void()> wake_reader;  ///< empty once the reader is gone

    bool full() const { return arrived.size() + held.size() + on_the_way >= capacity; }
};

/// One TCP connection from a worker to a gateway. On a live connection nothing is lost, doubled or
/// reordered; a dying one loses what had not arrived.
struct Connection {
    gateway::PeerId peer;
    std::size_t gateway = 0;
    bool broken = false;               ///< nothing enters any more
    TimePoint cut = TimePoint::max();  ///< what arrives after this is lost
    bool partitioned = false;          ///< nothing passes for now
    bool closed_at_gateway = false;    ///< that side knows that it is broken
    bool closed_at_worker = false;
    std::function<void()> on_closed_at_gateway;
    std::function<void()> on_closed_at_worker;
    Pipe<ToWorker> to_worker;
    Pipe<ToGateway> to_gateway;
};

using ConnectionRef = std::shared_ptr<Connection>;

class Network {
  public:
    Network(Scheduler& scheduler, Random& random, Coverage& coverage, Duration longest_delay)
        : scheduler_(scheduler), random_(random), coverage_(coverage), longest_(longest_delay) {}

    ConnectionRef Open(std::size_t gateway);

    void Send(const ConnectionRef& connection, ToWorker message);
    void Send(const ConnectionRef& connection, ToGateway message);

    /// Each side that still lives notices after a while.
    void Break(const ConnectionRef& connection);
    void Partition(const ConnectionRef& connection, Duration how_long);
    void Heal(const ConnectionRef& connection);

    /// Those that are not broken.
    std::vector<ConnectionRef> Living();

  private:
    template <typename Message>
    void Put(const ConnectionRef& connection, Pipe<Message> Connection::*which, Message message);
    template <typename Message>
    static void Arrive(Connection& connection, Pipe<Message>& pipe, Message message);

    Scheduler& scheduler_;
    Random& random_;
    Coverage& coverage_;
    const Duration longest_;
    std::uint64_t last_peer_ = 0;
    std::vector<std::weak_ptr<Connection>> connections_;
};

}  // namespace holdfast::sim
