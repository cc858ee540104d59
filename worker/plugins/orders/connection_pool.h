#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/plugins/orders/database.h"

namespace holdfast::orders {

/// At most `limit` connections to one file, opened when first needed. With a limit of 1 it is also
/// the queue of this process's writers, which is cheaper than letting them meet at SQLite's lock.
/// Thread: any. Blocks: Acquire() does, as far as the patience goes.
class ConnectionPool {
  public:
    /// One borrowed connection; empty when the patience ended first.
    class Lease {
      public:
        Lease() = default;
        Lease(ConnectionPool* pool, std::unique_ptr<Connection> connection)
            : pool_(pool), connection_(std::move(connection)) {}
        Lease(Lease&&) = default;
        ~Lease() {
            if (connection_) pool_->Return(std::move(connection_));
        }
        explicit operator bool() const { return connection_ != nullptr; }
        Connection& operator*() const { return *connection_; }

      private:
        ConnectionPool* pool_ = nullptr;
        std::unique_ptr<Connection> connection_;
    };

    ConnectionPool(DatabaseOptions options, std::size_t limit)
        : options_(std::move(options)), limit_(limit) {}

    /// `patience` must outlive the lease. Throws DatabaseError when a connection cannot be opened.
    Lease Acquire(const Patience& patience);

  private:
    void Return(std::unique_ptr<Connection> connection);

    const DatabaseOptions options_;
    const std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_;  ///< guarded by mutex_
    std::size_t open_ = 0;                           ///< guarded by mutex_; idle and lent
};

}  // namespace holdfast::orders
