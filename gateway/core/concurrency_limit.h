#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gateway/core/clock.h"

namespace holdfast::gateway {

struct ConcurrencyOptions {
    /// False: the limit is `most` for good.
    bool adaptive = false;
    std::uint32_t most = kUnbounded;

    static constexpr std::uint32_t kUnbounded = 0xFFFF'FFFF;
};

/// How many requests of one service its workers may have at one time. What is more waits in the
/// gateway, where the newest can be served first and where nothing is lost with a worker.
///
/// Adaptive, it follows the gradient of the latency (Netflix's concurrency-limits, Envoy's adaptive
/// concurrency): a window of replies that took longer than an unloaded request does, by more than a
/// tolerance, lowers the limit in proportion; one that did not raises it, but only if the limit was
/// reached in it. Different are three things. Each latency is compared with the time of its own
/// route, so that a change of mixture is no change of load. The limit is not below the threads of
/// the workers: one request for each thread waits for nobody. And a window takes only requests that
/// were sent after the last change, so that each change is judged by its own effect.
///
/// While the limit binds, every latency has some waiting in it. So from time to time a quarter of
/// it holds for two windows, which shows what an unloaded request takes.
///
/// Only replies are samples: who was refused, returned or cancelled says nothing of the time that
/// the service needs.
///
/// Thread: the bus thread. Owner: a ServiceQueue.
class ConcurrencyLimit {
  public:
    explicit ConcurrencyLimit(const ConcurrencyOptions& options) : options_(options) {}

    /// Of the workers that serve now. With none left it begins anew.
    void SetThreads(std::uint64_t threads);

    /// Whether one more may be sent. Notes that the limit was reached.
    bool Allows(std::uint64_t outstanding);

    /// Whether a request that is sent beside so many others waits for nobody.
    bool IsUnloaded(std::uint64_t outstanding) const;

    /// A reply came `latency` after its send, or was not there yet. `unloaded` is what its route's
    /// requests take when they wait for nobody.
    void AddSample(Duration latency, Duration unloaded, TimePoint now);

    std::uint32_t limit() const;
    /// Whether there is a limit beside the workers' credit.
    bool bounded() const {
        return options_.adaptive || options_.most != ConcurrencyOptions::kUnbounded;
    }

    static constexpr Duration kWindow = std::chrono::milliseconds(100);
    static constexpr std::size_t kEnough = 8;  ///< samples in a window
    static constexpr Duration kFirstProbe = std::chrono::seconds(1);
    static constexpr Duration kProbeInterval = std::chrono::seconds(10);

  private:
    static constexpr std::size_t kKept = 64;  ///< samples: the last so many

    void CloseWindow(TimePoint now);
    void Follow(double ratio);
    double Within(double limit) const;

    ConcurrencyOptions options_;
    std::uint64_t threads_ = 0;
    double limit_ = 1;
    bool starting_ = true;  ///< no window has asked for less yet: the limit doubles

    std::array<double, kKept> ratios_{};  ///< of latency to unloaded time, in this window
    std::size_t count_ = 0;
    TimePoint opened_{};
    bool reached_ = false;

    int probe_windows_left_ = 0;
    Duration probe_interval_ = kFirstProbe;  ///< doubles up to kProbeInterval
    TimePoint next_probe_{};
};

}  // namespace holdfast::gateway
