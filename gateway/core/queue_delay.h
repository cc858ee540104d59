#pragma once

#include "gateway/core/clock.h"

namespace holdfast::gateway {

struct QueueDelayOptions {
    /// How long requests may wait for a worker while the queue stands; zero: as long as they live.
    Duration target{};
    /// How long the queue may be above its target before it stands: bursts shorter than this are
    /// absorbed.
    Duration interval{};
};

/// Tells a queue that stands from one that absorbs a burst, by time: it stands once nothing was
/// taken from it within an interval that had waited less than the target (CoDel, RFC 8289). What is
/// done then is not CoDel's, because clients that are strangers to each other do not slow down for
/// one that is refused: the newest is served first, and what has waited longer than the target is
/// refused (Maurer, "Fail at Scale", ACM Queue 13(8), 2015).
///
/// It learns only from what is taken out. While nothing is, the worker may be stopped for a moment,
/// and that is no reason to refuse anybody.
///
/// Thread: the bus thread. Owner: a Lane.
class QueueDelay {
  public:
    explicit QueueDelay(const QueueDelayOptions& options) : options_(options) {}

    /// One is being taken out. `oldest` is how long the one at the front has waited; `needed` is
    /// what these requests take at a worker that is idle: a queue as long as that is no long one.
    void OnTaken(Duration oldest, Duration needed, TimePoint now);

    /// Whether the queue stands: the newest first, and nothing may have waited longer than
    /// allowed(). It is over after an interval in which nothing was above the target.
    bool Stands(TimePoint now) const { return standing_ && now - last_above_ < interval_; }
    Duration allowed() const { return allowed_; }

  private:
    QueueDelayOptions options_;
    Duration allowed_{};
    Duration interval_{};
    TimePoint above_since_ = TimePoint::max();  ///< max: it is not
    TimePoint last_above_{};
    bool standing_ = false;
};

}  // namespace holdfast::gateway
