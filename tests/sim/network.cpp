#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;

ConnectionRef Network::Open(std::size_t gateway, std::size_t worker) {
    auto connection = std::make_shared<Connection>();
    connection->peer = {++last_peer_};
    connection->gateway = gateway;
    connection->worker = worker;
    connection->random = Random(seed_, Stream::kConnection, gateway, worker, last_peer_);
    connection->to_worker.capacity = connection->random.Between(2, 64);
    connection->to_gateway.capacity = connection->random.Between(2, 64);
    std::erase_if(connections_, [](const auto& old) { return old.expired(); });
    connections_.push_back(connection);
    return connection;
}

template <typename Message>
void Network::Arrive(Connection& connection, Pipe<Message>& pipe, std::uint64_t sent,
                     Message message) {
    if (scheduler_.now() >= connection.cut) {
        coverage_.Count(Seen::kEnvelopeLost);
        return;
    }
    --pipe.on_the_way;
    if (sent < last_arrived_) coverage_.Count(Seen::kEnvelopeOvertaken);
    last_arrived_ = std::max(last_arrived_, sent);
    if (pipe.partitioned) {
        coverage_.Count(Seen::kEnvelopeHeld);
        pipe.held.push_back(std::move(message));
        return;
    }
    pipe.arrived.push_back(std::move(message));
    if (pipe.wake_reader) pipe.wake_reader();
}

template <typename Message>
void Network::Put(const ConnectionRef& connection, Pipe<Message> Connection::*which,
                  Message message) {
    if (connection->broken) {
        coverage_.Count(Seen::kEnvelopeLost);
        return;
    }
    Pipe<Message>& pipe = (*connection).*which;
    const Duration delay = connection->random.Between(Duration(10us), longest_);
    if (delay > 1ms) coverage_.Count(Seen::kEnvelopeDelayed);
    pipe.last_arrival = std::max(pipe.last_arrival, scheduler_.now() + delay);
    const std::uint64_t sent = ++last_sent_;
    ++pipe.on_the_way;
    scheduler_.At(pipe.last_arrival,
                  [this, connection, which, sent, message = std::move(message)]() mutable {
                      Arrive(*connection, (*connection).*which, sent, std::move(message));
                  });
}

void Network::Send(const ConnectionRef& connection, ToWorker message) {
    Put(connection, &Connection::to_worker, std::move(message));
}

void Network::Send(const ConnectionRef& connection, ToGateway message) {
    if (std::exchange(connection->to_gateway.next_comes_twice, false)) {
        coverage_.Count(Seen::kEnvelopeDoubled);
        connection->doubled = true;
        Put(connection, &Connection::to_gateway, message);
    }
    Put(connection, &Connection::to_gateway, std::move(message));
}

void Network::Break(const ConnectionRef& connection) {
    if (std::exchange(connection->broken, true)) return;
    connection->cut = scheduler_.now() + connection->random.Between(Duration(0), longest_);
    const auto notice = [&](bool Connection::*closed, std::function<void()> Connection::*call) {
        scheduler_.After(connection->random.Between(Duration(0), 50ms), [connection, closed, call] {
            (*connection).*closed = true;
            if ((*connection).*call) ((*connection).*call)();
        });
    };
    notice(&Connection::closed_at_gateway, &Connection::on_closed_at_gateway);
    notice(&Connection::closed_at_worker, &Connection::on_closed_at_worker);
}

void Network::Partition(const ConnectionRef& connection, Direction direction, Duration how_long) {
    if (direction != Direction::kToGateway) connection->to_worker.partitioned = true;
    if (direction != Direction::kToWorker) connection->to_gateway.partitioned = true;
    scheduler_.After(how_long, [this, connection] { Heal(connection); });
}

template <typename Message>
void Network::Release(const Connection& connection, Pipe<Message>& pipe) {
    if (!std::exchange(pipe.partitioned, false)) return;
    if (connection.broken) {
        coverage_.Count(Seen::kEnvelopeLost, pipe.held.size());
    } else {
        coverage_.Count(Seen::kPartitionHealed);
        std::ranges::move(pipe.held, std::back_inserter(pipe.arrived));
    }
    pipe.held.clear();
    if (!pipe.arrived.empty() && pipe.wake_reader) pipe.wake_reader();
}

void Network::Heal(const ConnectionRef& connection) {
    Release(*connection, connection->to_worker);
    Release(*connection, connection->to_gateway);
    connection->to_gateway.next_comes_twice = false;
}

std::vector<ConnectionRef> Network::Living(std::optional<std::size_t> gateway,
                                           std::optional<std::size_t> worker) const {
    std::vector<ConnectionRef> living;
    for (const auto& weak : connections_) {
        ConnectionRef connection = weak.lock();
        if (!connection || connection->broken) continue;
        if (gateway && connection->gateway != *gateway) continue;
        if (worker && connection->worker != *worker) continue;
        living.push_back(std::move(connection));
    }
    return living;
}

}  // namespace holdfast::sim
