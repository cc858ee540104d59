#pragma once

#include <cassert>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "gateway/core/deferred_result.h"
#include "gateway/core/mutex.h"

namespace holdfast::gateway {

/// Wakes the thread that owns an inbox. Called from any thread.
class Waker {
  public:
    virtual void Wake() = 0;

  protected:
    ~Waker() = default;
};

/// The hand-over between two threads: filled once per turn of the giving loop, swapped whole by the
/// taking one, one wake-up on empty → non-empty.
///
/// Bounded without a refusal: whoever pushes holds a permit for each item (a submit, its cancel and
/// its completion are all paid for when the request is admitted), so `capacity` is an invariant,
/// not a limit that callers meet.
template <typename Item>
class Inbox {
  public:
    Inbox(std::size_t capacity, Waker& waker) : capacity_(capacity), waker_(waker) {}

    /// Moves all of `batch` in and leaves it empty, its memory kept for the next turn.
    void PushAll(std::vector<Item>& batch) {
        if (batch.empty()) return;
        bool was_empty = false;
        {
            MutexLock lock(mutex_);
            was_empty = items_.empty();
            if (was_empty) {
                items_.swap(batch);
            } else {
                items_.insert(items_.end(), std::make_move_iterator(batch.begin()),
                              std::make_move_iterator(batch.end()));
            }
            assert(items_.size() <= capacity_);
        }
        batch.clear();
        if (was_empty) waker_.Wake();
    }

    /// Swaps everything into `into`, which must be empty.
    void TakeAll(std::vector<Item>& into) {
        assert(into.empty());
        MutexLock lock(mutex_);
        items_.swap(into);
    }

  private:
    [[maybe_unused]] const std::size_t capacity_;
    Waker& waker_;
    Mutex mutex_;
    std::vector<Item> items_ HOLDFAST_GUARDED_BY(mutex_);
};

/// From a session to the bus thread.
struct BusItem {
    enum class Kind : std::uint8_t { kSubmit, kCancel };
    Kind kind = Kind::kSubmit;
    DeferredRef deferred;
};

using BusInbox = Inbox<BusItem>;
using CompletionInbox = Inbox<Completion>;

}  // namespace holdfast::gateway
