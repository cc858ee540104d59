#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using namespace std::chrono_literals;

ConnectionRef Network::Open(std::size_t gateway) {
    auto connection = std::make_shared<Connection>();
    connection->peer = {++last_peer_};
    connection->gateway = gateway;
    connection->to_worker.capacity = random_.Between(2, 64);
    connection->to_gateway.capacity = random_.Between(2, 64);
    std::erase_if(connections_, [](const auto& old) { return old.expired(); });
    connections_.push_back(connection);
    return connection;
}

template <typename Message>
void Network::Arrive(Connection& connection, Pipe<Message>& pipe, Message message) {
    if (connection.partitioned) {
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
        coverage_.Count("envelopes sent into a broken connection");
        return;
    }
    Pipe<Message>& pipe = (*connection).*which;
    pipe.last_arrival =
        std::max(pipe.last_arrival, scheduler_.now() + random_.Between(Duration(10us), longest_));
    ++pipe.on_the_way;
    scheduler_.At(pipe.last_arrival,
                  [this, connection, which, message = std::move(message)]() mutable {
                      if (scheduler_.now() >= connection->cut) return;
                      Pipe<Message>& to = (*connection).*which;
                      --to.on_the_way;
                      Arrive(*connection, to, std::move(message));
                  });
}

void Network::Send(const ConnectionRef& connection, ToWorker message) {
    Put(connection, &Connection::to_worker, std::move(message));
}

void Network::Send(const ConnectionRef& connection, ToGateway message) {
    Put(connection, &Connection::to_gateway, std::move(message));
}

void Network::Break(const ConnectionRef& connection) {
    if (std::exchange(connection->broken, true)) return;
    connection->cut = scheduler_.now() + random_.Between(Duration(0), longest_);
    const auto notice = [&](bool Connection::*closed, std::function<void()> Connection::*call) {
        scheduler_.After(random_.Between(Duration(0), 50ms), [connection, closed, call] {
            (*connection).*closed = true;
            if ((*connection).*call) ((*connection).*call)();
        });
    };
    notice(&Connection::closed_at_gateway, &Connection::on_closed_at_gateway);
    notice(&Connection::closed_at_worker, &Connection::on_closed_at_worker);
}

void Network::Partition(const ConnectionRef& connection, Duration how_long) {
    connection->partitioned = true;
    scheduler_.After(how_long, [this, connection] { Heal(connection); });
}

void Network::Heal(const ConnectionRef& connection) {
    if (!std::exchange(connection->partitioned, false) || connection->broken) return;
    const auto release = [](auto& pipe) {
        std::ranges::move(pipe.held, std::back_inserter(pipe.arrived));
        pipe.held.clear();
        if (!pipe.arrived.empty() && pipe.wake_reader) pipe.wake_reader();
    };
    release(connection->to_worker);
    release(connection->to_gateway);
}

std::vector<ConnectionRef> Network::Living() {
    std::vector<ConnectionRef> living;
    for (const auto& weak : connections_) {
        if (ConnectionRef connection = weak.lock(); connection && !connection->broken) {
            living.push_back(std::move(connection));
        }
    }
    return living;
}

}  // namespace holdfast::sim
