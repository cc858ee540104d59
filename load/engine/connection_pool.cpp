#include "load/engine/connection_pool.h"

#include <algorithm>
#include <utility>

namespace holdfast::load {

ConnectionPool::ConnectionPool(ConnectionParts& parts, std::vector<Address> addresses,
                               std::size_t count)
    : parts_(parts), addresses_(std::move(addresses)) {
    connections_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        connections_.push_back(std::make_unique<Connection>(parts, static_cast<std::uint32_t>(i)));
    }
    for (std::size_t i = count; i-- > 0;) closed_.push_back(connections_[i].get());
    free_.reserve(count);
}

Connection* ConnectionPool::Take() {
    if (free_.empty()) return nullptr;
    Connection* connection = free_.back();
    free_.pop_back();
    return connection;
}

void ConnectionPool::Release(Connection& connection) {
    connection.place = static_cast<std::uint32_t>(free_.size());
    free_.push_back(&connection);
}

void ConnectionPool::OpenFor(std::size_t waiting) {
    const std::size_t wanted = std::min(waiting, kMaxConnecting);
    while (connecting_ < wanted && !closed_.empty() && parts_.now >= retry_at_) {
        Connection& connection = *closed_.back();
        std::string why;
        if (!connection.Open(addresses_[address_], why)) {
            BackOff(why);
            return;
        }
        closed_.pop_back();
        ++connecting_;
    }
}

bool ConnectionPool::IsDown() const {
    return open_ == 0 && connecting_ == 0 && back_off_ > Duration::zero() && parts_.now < retry_at_;
}

void ConnectionPool::BackOff(std::string_view why) {
    why_down_ = addresses_[address_].text + ": " + std::string(why);
    // Of many that fail together, one counts.
    if (parts_.now < retry_at_) return;
    address_ = (address_ + 1) % addresses_.size();
    back_off_ = std::clamp(back_off_ * 2, kFirstBackOff, kLongestBackOff);
    retry_at_ = parts_.now + back_off_;
}

void ConnectionPool::Opened(Connection&) {
    --connecting_;
    ++open_;
    ++opened_;
    back_off_ = {};
    retry_at_ = {};
}

void ConnectionPool::Failed(Connection& connection, std::string_view why) {
    --connecting_;
    closed_.push_back(&connection);
    BackOff(why);
}

void ConnectionPool::Closed(Connection& connection, bool was_free) {
    --open_;
    closed_.push_back(&connection);
    if (!was_free) return;
    free_[connection.place] = free_.back();
    free_[connection.place]->place = connection.place;
    free_.pop_back();
}

Connection* ConnectionPool::ByTag(std::uint64_t tag) {
    Connection& connection = at(Connection::IndexOf(tag));
    return connection.tag() == tag && connection.state() != Connection::State::kClosed ? &connection
                                                                                       : nullptr;
}

std::uint64_t ConnectionPool::TakeOpenedCount() {
    return std::exchange(opened_, 0);
}

}  // namespace holdfast::load
