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

/// Asks the bus thread for snapshots, on at most `max_waiting` ops threads at once; the others take
/// what there is, so that a bus thread that has stopped cannot hold every ops thread.
///
/// Thread: any. Blocks up to its patience.
class SnapshotReader {
  public:
    static constexpr std::chrono::milliseconds kPatience{1000};

    SnapshotReader(SnapshotCell& cell, std::uint32_t max_waiting,
                   std::chrono::milliseconds patience = kPatience)
        : cell_(cell), max_waiting_(max_waiting), patience_(patience) {}

    SnapshotView Read();

  private:
    SnapshotCell& cell_;
    const std::uint32_t max_waiting_;
    const std::chrono::milliseconds patience_;
    std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace holdfast::gateway::ops
