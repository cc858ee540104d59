#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "load/engine/connection.h"
#include "load/engine/target.h"

namespace holdfast::load {

/// The connections of one process: opened as they are needed, up to their number, and kept. The one
/// that was used last is taken first, so that those which the load does not need rest, and may be
/// closed by the server without harm. A target that refuses is tried again after a back-off.
///
/// Thread: the engine's.
class ConnectionPool {
  public:
    /// More at once would only fill the target's backlog, and lose SYNs for a second.
    static constexpr std::size_t kMaxConnecting = 128;
    static constexpr Duration kFirstBackOff = std::chrono::milliseconds(20);
    static constexpr Duration kLongestBackOff = std::chrono::milliseconds(500);

    ConnectionPool(ConnectionParts& parts, std::vector<Address> addresses, std::size_t count);

    /// An idle connection, or null.
    Connection* Take();
    void Release(Connection& connection);
    /// Begins to open as many as `waiting` requests need, unless the back-off says wait.
    void OpenFor(std::size_t waiting);

    /// Nothing is open or about to be, and the last attempt has failed: who needs a connection
    /// before retry_at() has none.
    bool IsDown() const;
    const std::string& why_down() const { return why_down_; }
    TimePoint retry_at() const { return retry_at_; }

    /// What a connection has told its host, before the host does anything with it.
    void Opened(Connection& connection);
    void Failed(Connection& connection, std::string_view why);
    void Closed(Connection& connection, bool was_free);

    Connection& at(std::uint32_t index) { return *connections_[index]; }
    /// The connection of these events, null when it is no longer the one that they are for.
    Connection* ByTag(std::uint64_t tag);
    std::size_t size() const { return connections_.size(); }
    std::size_t open() const { return open_; }
    std::size_t idle() const { return free_.size(); }
    std::uint64_t TakeOpenedCount();

  private:
    void BackOff(std::string_view why);

    ConnectionParts& parts_;
    std::vector<Address> addresses_;
    std::size_t address_ = 0;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> free_;  ///< idle; the last one was used last
    std::vector<Connection*> closed_;
    std::size_t open_ = 0;
    std::size_t connecting_ = 0;
    std::uint64_t opened_ = 0;  ///< since it was last asked
    Duration back_off_{};       ///< zero: the last attempt did not fail
    TimePoint retry_at_;
    std::string why_down_;
};

}  // namespace holdfast::load
