#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "load/flow/flow.h"
#include "load/flow/journey.h"
#include "load/result/clock.h"
#include "load/result/interval.h"
#include "load/truth/ledger.h"

namespace holdfast::load {

/// One request that has ended, as the recorder sees it.
struct Ended {
    std::uint64_t journey = 0;
    const OutgoingRequest* request = nullptr;
    TimePoint planned;
    TimePoint begun;  ///< its first byte was written
    TimePoint now;
    std::uint64_t bytes_in = 0;
    const IncomingResponse* response = nullptr;  ///< null: no whole answer
    ErrorKind error = ErrorKind::kNone;
    std::string_view detail;
    bool abandoned = false;  ///< by the client, as the flow says: neither answered nor an error
};

/// Keeps the interval of the present second, hands each over when its second has passed, and writes
/// the ledger. Seconds are counted from the run's start, so those of all processes are the same.
///
/// Thread: the engine's, on which it is also made. Uses no clock for what it records.
class Recorder {
  public:
    using Sink = std::function<void(const Interval&)>;

    /// `ledger` may be null. `flow` outlives it.
    Recorder(const Flow& flow, TimePoint start, Ledger* ledger, Sink sink);

    Interval& current() { return interval_; }
    StepInterval& step(std::uint32_t number) { return interval_.steps[number]; }

    /// Of Holdfast-Outcome, counted apart in one interval; a hostile server cannot make it more.
    static constexpr std::size_t kMaxOutcomes = 64;

    /// Counts it, and what the ledger says of it. `headers` false: nothing is looked up in them.
    void Record(const Ended& ended, bool headers);
    /// An error in words; the same words once in an interval.
    void Note(std::uint32_t step, std::string_view detail);
    void Note(std::string note);

    struct Gauges {
        std::uint64_t in_flight = 0;
        std::uint64_t waiting = 0;
        std::uint64_t connections = 0;
    };
    TimePoint next() const { return start_ + std::chrono::seconds(interval_.second + 1); }
    /// Hands over each interval that has ended by `now`, empty ones too.
    void Roll(TimePoint now, const Gauges& gauges);
    /// Hands over the last one.
    void Finish(const Gauges& gauges);

  private:
    void HandOver(const Gauges& gauges);
    void WriteLedger(const Ended& ended, std::string_view outcome, std::string_view processed);

    const Flow& flow_;
    const TimePoint start_;
    /// What turns a TimePoint into the wall clock's time.
    const std::chrono::system_clock::time_point wall_start_;
    Ledger* const ledger_;
    Sink sink_;
    Interval interval_;
    Duration cpu_before_;
};

}  // namespace holdfast::load
