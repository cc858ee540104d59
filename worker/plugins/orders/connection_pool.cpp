#include "worker/plugins/orders/connection_pool.h"

namespace holdfast::orders {

ConnectionPool::Lease ConnectionPool::Acquire(const Patience& patience) {
    std::unique_ptr<Connection> connection;
    {
        std::unique_lock lock(mutex_);
        if (!returned_.wait_until(lock, patience.until,
                                  [this] { return !idle_.empty() || open_ < limit_; })) {
            return {};
        }
        if (!idle_.empty()) {
            connection = std::move(idle_.back());
            idle_.pop_back();
        } else {
            ++open_;
        }
    }
    if (!connection) {
        try {
            connection = std::make_unique<Connection>(options_, &patience);
        } catch (...) {
            Return(nullptr);
            throw;
        }
    }
    connection->SetPatience(&patience);
    return {this, std::move(connection)};
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
    // One that could not roll back would hold the write lock for ever.
    if (connection && connection->in_transaction()) connection.reset();
    if (connection) connection->SetPatience(nullptr);
    {
        std::lock_guard lock(mutex_);
        if (connection) {
            idle_.push_back(std::move(connection));
        } else {
            --open_;
        }
    }
    returned_.notify_one();
}

}  // namespace holdfast::orders
