#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "gateway/core/snapshot.h"

namespace holdfast::gateway::ops {

/// A snapshot and whether it is from before it was asked for: the bus thread did not answer in
/// time.
struct SnapshotView {
    std::shared_ptr<const Snapshot> snapshot;  ///< null when there never was one
    bool stale = true;
};

/// Who may wait for the bus thread: at most `places` ops threads at once, so that one that has
/// stopped cannot hold them all. Thread: any.
class WaitingRoom {
  public:
    /// A place, or none, until it goes.
    class Place {
      public:
        explicit Place(WaitingRoom& room)
            : room_(room),
              taken_(room.waiting_.fetch_add(1, std::memory_order_relaxed) < room.places_) {}
        ~Place() { room_.waiting_.fetch_sub(1, std::memory_order_relaxed); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        bool taken() const { return taken_; }

      private:
        WaitingRoom& room_;
        const bool taken_;
    };

    explicit WaitingRoom(std::uint32_t places) : places_(places) {}

  private:
    const std::uint32_t places_;
    std::atomic<std::uint32_t> waiting_{0};
};

/// Asks the bus thread for snapshots, on at most `max_waiting` ops threads at once; the others take
/// what there is.
///
/// Thread: any. Blocks up to its patience.
class SnapshotReader {
  public:
    static constexpr std::chrono::milliseconds kPatience{1000};

    SnapshotReader(SnapshotCell& cell, std::uint32_t max_waiting,
                   std::chrono::milliseconds patience = kPatience)
        : cell_(cell), waiting_room_(max_waiting), patience_(patience) {}

    SnapshotView Read();
    /// For others that ask the bus thread something.
    WaitingRoom& waiting_room() { return waiting_room_; }

  private:
    SnapshotCell& cell_;
    WaitingRoom waiting_room_;
    const std::chrono::milliseconds patience_;
};

}  // namespace holdfast::gateway::ops
