#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/correlation_id.h"
#include "gateway/core/mutex.h"
#include "gateway/core/peer.h"

namespace holdfast::gateway {

/// What the bus thread knows, copied for people to look at.
struct Snapshot {
    struct Worker {
        std::string instance;
        std::string version;
        std::string host;
        std::uint64_t pid = 0;
        std::uint64_t session = 0;
        std::string state;  ///< "live", "draining" or "suspected"
        std::vector<std::string> services;
        std::uint32_t threads = 0;
        std::uint64_t outstanding = 0;
        std::uint64_t credit = 0;  ///< requests that it would still take
        std::uint64_t sent = 0;
        std::uint64_t replied = 0;
        std::uint32_t queued = 0;
        std::uint32_t running = 0;
        Duration oldest_started{};
        Duration last_heard{};                   ///< ago
        std::optional<WorkerProcess> process{};  ///< the age of the crash is of `taken`
    };
    struct Service {
        std::string name;
        std::uint32_t workers = 0;  ///< that take requests now
        std::uint64_t queued = 0;
        std::uint64_t queued_bytes = 0;
        std::uint64_t outstanding = 0;        ///< requests that its workers have
        std::uint32_t concurrency_limit = 0;  ///< 0: none but the workers' credit
        bool overloaded = false;              ///< the newest is served first
    };
    struct Pending {
        CorrelationId id;
        std::string route;
        std::string state;   ///< "queued", "assigned" or "sent"
        std::string worker;  ///< instance, when it has one
        std::uint32_t attempt = 0;
        Duration age{};
        Duration remaining{};
    };
    TimePoint taken{};
    std::vector<Worker> workers;
    std::vector<Service> services;
    std::uint64_t pending = 0;
    std::vector<Pending> oldest;  ///< the oldest few, oldest first
};

/// Where an ops thread asks for a snapshot and the bus thread leaves it. The bus thread never
/// waits.
class SnapshotCell {
  public:
    static constexpr std::size_t kOldest = 10;

    /// Any thread: asks and waits up to `patience`; the last one there is, perhaps stale, perhaps
    /// null.
    std::shared_ptr<const Snapshot> Get(std::chrono::milliseconds patience) {
        const TimePoint asked = Clock::now();
        MutexLock lock(mutex_);
        const TimePoint until = asked + patience;
        while (latest_ == nullptr || latest_->taken < asked) {
            // Again in each turn: the one that came may have been begun before this question.
            wanted_.store(true, std::memory_order_release);
            const TimePoint now = Clock::now();
            if (now >= until || !changed_.WaitFor(mutex_, until - now)) break;
        }
        return latest_;
    }

    /// Bus thread: whether somebody asked since the last Put.
    bool wanted() const { return wanted_.load(std::memory_order_acquire); }

    /// Bus thread.
    void Put(std::shared_ptr<const Snapshot> snapshot) {
        wanted_.store(false, std::memory_order_release);
        {
            MutexLock lock(mutex_);
            latest_ = std::move(snapshot);
        }
        changed_.NotifyAll();
    }

  private:
    std::atomic<bool> wanted_{false};
    Mutex mutex_;
    ConditionVariable changed_;
    std::shared_ptr<const Snapshot> latest_ HOLDFAST_GUARDED_BY(mutex_);
};

}  // namespace holdfast::gateway
