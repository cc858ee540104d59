#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/inquiry.h"
#include "gateway/core/inquiry_table.h"
#include "gateway/core/mutex.h"

namespace holdfast::gateway {

/// Where an ops thread asks the workers something and the bus thread leaves what came of it. The
/// bus thread never waits. At most InquiryTable::kOpen inquiries are under way at once.
class InquiryDesk {
  public:
    /// How long workers may take to answer.
    static constexpr std::chrono::milliseconds kPatience{1000};

    /// Any thread: asks, and waits up to `patience` for the end of the inquiry. Nothing when too
    /// many are under way, or the bus thread did not answer in that time.
    std::optional<Inquiry> Ask(Inquiry::Kind kind, std::string service,
                               std::chrono::milliseconds patience) {
        const TimePoint until = Clock::now() + patience;
        MutexLock lock(mutex_);
        if (entries_.size() >= InquiryTable::kOpen) return std::nullopt;
        const std::uint64_t id = ++last_id_;
        entries_.push_back(
            Entry{.inquiry = {.id = id, .kind = kind, .service = std::move(service)}});
        wanted_.store(true, std::memory_order_release);
        for (;;) {
            const auto entry = Find(id);
            const TimePoint now = Clock::now();
            if (entry->done || now >= until) {
                std::optional<Inquiry> answer;
                if (entry->done) answer = std::move(entry->inquiry);
                entries_.erase(entry);
                return answer;
            }
            changed_.WaitFor(mutex_, until - now);
        }
    }

    /// Bus thread: whether somebody has asked since the last TakeAsked.
    bool wanted() const { return wanted_.load(std::memory_order_acquire); }

    /// Bus thread.
    std::vector<Inquiry> TakeAsked() {
        wanted_.store(false, std::memory_order_release);
        std::vector<Inquiry> asked;
        MutexLock lock(mutex_);
        for (Entry& entry : entries_) {
            if (!std::exchange(entry.taken, true)) asked.push_back(entry.inquiry);
        }
        return asked;
    }

    /// Bus thread. What nobody waits for any more is dropped.
    void Put(Inquiry finished) {
        {
            MutexLock lock(mutex_);
            const auto entry = Find(finished.id);
            if (entry == entries_.end()) return;
            entry->inquiry = std::move(finished);
            entry->done = true;
        }
        changed_.NotifyAll();
    }

  private:
    struct Entry {
        Inquiry inquiry;
        bool taken = false;
        bool done = false;
    };

    std::vector<Entry>::iterator Find(std::uint64_t id) HOLDFAST_REQUIRES(mutex_) {
        return std::find_if(entries_.begin(), entries_.end(),
                            [id](const Entry& entry) { return entry.inquiry.id == id; });
    }

    std::atomic<bool> wanted_{false};
    Mutex mutex_;
    ConditionVariable changed_;
    std::vector<Entry> entries_ HOLDFAST_GUARDED_BY(mutex_);
    std::uint64_t last_id_ HOLDFAST_GUARDED_BY(mutex_) = 0;
};

}  // namespace holdfast::gateway
