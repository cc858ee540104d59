#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/clock.h"
#include "load/result/error_kind.h"
#include "load/result/histogram.h"

namespace holdfast::load {

/// What one step of a flow did in one interval, by when its requests ended.
struct StepInterval {
    std::uint64_t sent = 0;                           ///< requests begun in this interval
    std::uint64_t answered = 0;                       ///< whole answers, good or bad
    std::array<std::uint64_t, kErrorKinds> errors{};  ///< by ErrorKind; [0] counts the good ones
    std::map<std::uint16_t, std::uint64_t> statuses;  ///< HTTP status → answers
    std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< Holdfast-Outcome → answers
    std::uint64_t bytes_out = 0;
    std::uint64_t bytes_in = 0;

    Histogram latency;  ///< from the planned send time to the last byte: no coordinated omission
    Histogram good_latency;  ///< the same, of those without an error
    Histogram service_time;  ///< from the first byte written: what closed-loop tools report
    Histogram blocked;       ///< from the planned send time until a connection was free

    void Merge(const StepInterval& other);
    void Pack();
    bool operator==(const StepInterval&) const = default;
};

/// One second of one generator process (or, merged, of all of them). Recorded by the engine,
/// carried over a pipe to the parent, merged there. Value type. Thread: one at a time.
struct Interval {
    std::uint32_t second = 0;         ///< since the run's start
    std::vector<StepInterval> steps;  ///< by the flow's step number
    Histogram slip;  ///< how late the generator itself woke for a planned send: its own fault, not
                     ///< the server's
    std::uint64_t in_flight = 0;    ///< at the end of the interval; merged: the sum
    std::uint64_t waiting = 0;      ///< planned sends without a connection, at its end
    std::uint64_t connections = 0;  ///< open at its end
    std::uint64_t connects = 0;     ///< opened within it
    Duration cpu{};                 ///< user and system time of the generator within it
    /// A few of the errors in words, at most kMaxNotes an interval: "step order: status 503,
    /// expected 201".
    std::vector<std::string> notes;

    static constexpr std::size_t kMaxNotes = 8;
    static constexpr std::size_t kMaxSteps = 1024;
    static constexpr std::size_t kMaxText = 4096;  ///< bytes of an outcome or a note

    /// Adds another process's share of the same second.
    void Merge(const Interval& other);
    /// Packs its histograms: for intervals that are kept.
    void Pack();

    /// A whole interval as bytes, and back. Parse returns false when the bytes are none, whatever
    /// they are, and never takes more than a few times their size in memory. Texts beyond kMaxText
    /// are cut.
    std::string Serialize() const;
    static bool Parse(std::string_view bytes, Interval& into);

    bool operator==(const Interval&) const = default;
};

}  // namespace holdfast::load
