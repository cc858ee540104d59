#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/core/clock.h"
#include "gateway/core/inquiry.h"
#include "gateway/core/worker_registry.h"

namespace holdfast::gateway {

/// The inquiries that wait for answers. An inquiry is over when every worker has answered or is
/// lost, or at the end of its patience, whichever comes first.
///
/// Bounded: the InquiryDesk lets kOpen of them in at once; each keeps one answer for each worker
/// that had a session when it began, of at most CodecLimits::kDescriptionBytes.
///
/// Thread: the bus thread. Owner: the Dispatcher. Nothing blocks.
class InquiryTable {
  public:
    /// At once; who asks beyond them is refused by the InquiryDesk.
    static constexpr std::size_t kOpen = 4;

    /// `workers` are those of the service. What each of them is to be sent is noted in it.
    void Begin(Inquiry inquiry, const std::vector<Worker*>& workers, TimePoint until);

    /// Its next envelope has left.
    void OnSent(const Worker& worker, TimePoint now);
    void OnPong(const Worker& worker, std::uint64_t sequence, TimePoint now);
    /// False when nobody waits for it (any more).
    [[nodiscard]] bool OnDescription(const Worker& worker, DescriptionItem description,
                                     TimePoint now);
    void OnWorkerGone(const Worker& worker);

    /// Those that are over by now; the caller's from here on.
    std::vector<Inquiry> TakeFinished(TimePoint now);
    /// TimePoint::max() when nothing waits.
    TimePoint NextDue() const;

  private:
    struct Awaited {
        std::uint64_t session = 0;
        std::uint64_t number = 0;  ///< the first ping or Describe that counts
        TimePoint sent{};          ///< TimePoint{}: not yet
    };
    struct Open {
        Inquiry inquiry;
        std::vector<Awaited> awaited;  ///< beside Inquiry::answers
        TimePoint until;
        std::size_t waiting = 0;
    };

    template <typename Visitor>
    void ForEachWaiting(const Worker& worker, Visitor&& visit);

    std::vector<Open> open_;
    std::uint64_t last_describe_ = 0;
};

}  // namespace holdfast::gateway
