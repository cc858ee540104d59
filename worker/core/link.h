#pragma once

#include <cstdint>
#include <vector>

#include "worker/core/credit.h"
#include "worker/core/messages.h"
#include "worker/core/request_record.h"

namespace holdfast::worker {

using PlaceList = IntrusiveList<RequestRecord, &RequestRecord::place>;

/// What the worker knows of one gateway address: the session, if there is one, and all that it
/// holds for it. Bookkeeping only; Worker decides.
///
///     silent ──WhoAreYou──▶ hello said ──Welcome──▶ open ──GoodbyeAck──▶ leaving
///        ▲                     │  ▲ Refused            │
///        └─────────────────────┘  └── lease lost ──────┘
///
/// Owner and thread: Worker's.
struct Link {
    enum class Phase : std::uint8_t { kSilent, kHelloSaid, kRefused, kOpen, kLeaving };

    explicit Link(LinkId its_id) : id(its_id) {}

    bool InSession() const { return phase == Phase::kOpen || phase == Phase::kLeaving; }
    std::uint64_t ReplyBytesLeft() const {
        return reply_bytes_total > reply_bytes_sent ? reply_bytes_total - reply_bytes_sent : 0;
    }
    /// Moves what has been started meanwhile from `unstarted` to `running`.
    void NoteStarted();
    PongItem MakePong(TimePoint now);
    /// Everything that belongs to one session, as it is before a Welcome.
    void ResetSession();

    LinkId id;
    Phase phase = Phase::kSilent;
    bool hello_wanted = false;
    bool goodbye_wanted = false;
    std::uint64_t describe_wanted = 0;  ///< number of the Describe that has no answer yet; 0: none
    TimePoint next_hello;               ///< when a Hello that had no answer is said again

    // Of the session.
    std::uint64_t session = 0;
    WelcomeItem terms;
    Lease lease;
    TimePoint lease_until;
    TimePoint suspect_until =
        TimePoint::max();  ///< a disconnect was seen: traffic must come by then
    std::uint64_t last_sequence = 0;
    std::uint64_t pong_wanted = 0;  ///< 0: none
    CreditAccount credit;
    RequestCreditItem announced;
    std::uint64_t reply_bytes_sent = 0;
    std::uint64_t reply_bytes_total = 0;
    std::uint64_t started_total = 0;
    std::uint64_t dropped_expired = 0;
    std::uint64_t dropped_cancelled = 0;

    PlaceList unstarted;  ///< in the order of their sequence
    PlaceList running;    ///< in the order of their start, nearly
    PlaceList replying;   ///< in the order of their finish
    std::vector<ReturnItem> returns;
};

}  // namespace holdfast::worker
