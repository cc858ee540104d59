#pragma once

#include <holdfast/worker/plugin.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/core/clock.h"
#include "worker/core/request_record.h"

namespace holdfast::worker {

/// What a plugin asked to be told when a request is cancelled.
struct CancelCallback {
    void (*run)(void* context) = nullptr;
    void (*release)(void* context) = nullptr;
    void* context = nullptr;

    void Release() const {
        if (release != nullptr) release(context);
    }
};

/// Knows which responders still have their request to answer. A token outlives its request: it
/// names a slot and a generation, and slots are never freed while the plugin is loaded. Each record
/// keeps one slot for good.
///
/// Thread: Prepare and CloseAll from one at a time, all else from any; one short lock for each
/// slot. Callbacks of the plugin run outside the locks.
class ResponderTable {
  public:
    explicit ResponderTable(std::size_t max_slots);
    ~ResponderTable();
    ResponderTable(const ResponderTable&) = delete;
    ResponderTable& operator=(const ResponderTable&) = delete;

    /// Before the request is handed to the threads; from here on it can be cancelled. False when
    /// there are no slots left.
    [[nodiscard]] bool Prepare(RequestRecord& record);
    holdfast_responder TokenOf(const RequestRecord& record) const;

    /// The right to answer: the record, once; nullptr if it was answered before.
    RequestRecord* Claim(holdfast_responder token);

    /// Marks it cancelled. True when the plugin has a callback to be run by RunCallback.
    bool Cancel(holdfast_responder token);
    void RunCallback(holdfast_responder token);
    bool Cancelled(holdfast_responder token);
    TimePoint DeadlineOf(holdfast_responder token);  ///< TimePoint::min() once answered
    holdfast_result OnCancel(holdfast_responder token, CancelCallback callback);

    /// Nothing can be claimed any more. Callbacks that never ran are released.
    void CloseAll();

  private:
    struct Slot;
    static constexpr std::size_t kChunk = 1024;

    Slot* Find(holdfast_responder token) const;
    Slot& At(std::uint32_t index) const;

    /// Allocated by the loop as needed, read by all.
    std::vector<std::atomic<Slot*>> chunks_;
    std::uint32_t used_ = 0;  ///< slots; index 0 is no slot
};

}  // namespace holdfast::worker
