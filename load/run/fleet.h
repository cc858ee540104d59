#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/result/interval.h"
#include "load/run/frame.h"
#include "load/run/round.h"

namespace holdfast::load {

/// A generator that ended before its round did.
struct LostGenerator {
    std::uint32_t process = 0;
    std::uint32_t second = 0;  ///< of the round: the first that it did not report
    std::string reason;        ///< "killed by signal 9 (Killed)"
};

struct RoundResult {
    std::vector<Interval> intervals;  ///< by second of the round, all processes merged
    std::vector<LostGenerator> lost;
    std::uint64_t ledger_recorded = 0;
    std::uint64_t ledger_lost = 0;
    std::string ledger_trouble;
    bool interrupted = false;
};

/// The generator processes, as their parent sees them: forked at once, while there are no threads;
/// ended with this object, or with the parent in whatever way. Thread: one, that which made it (the
/// kernel ends the children with that thread).
class Fleet {
  public:
    /// What a child runs, with its number and its end of the socket; its result is the exit status.
    using Main = std::function<int(std::uint32_t process, int channel)>;

    /// Throws std::system_error.
    Fleet(std::uint32_t processes, const Main& main);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Waits until every generator says that the target is there. Throws FlowError, TargetError
    /// (the first that one of them has met) or std::runtime_error. False: `stop` became readable.
    bool WaitUp(int stop);

    /// Runs it on all generators that live, until the last of them is done. `on_second` is called
    /// with each second once all of them have told of it. When `stop` becomes readable, the round
    /// ends early. Generators that are not done `patience` after the planned end are killed.
    RoundResult Run(const Round& round, int stop, std::chrono::milliseconds patience,
                    const std::function<void(const Interval&)>& on_second);

    /// Process ids, for tests and for people.
    std::vector<pid_t> pids() const;

  private:
    struct Generator {
        pid_t pid = -1;
        int channel = -1;  ///< -1: it has ended
        bool up = false;
        bool busy = false;
        std::uint32_t reported = 0;  ///< the first second that it has not told of
        FrameReader reader;
    };

    /// Waits for frames of any generator, or for `stop`; -1 leaves it out. False: `until` passed.
    /// Calls `on_frame`, or `on_end` once for each that has ended.
    bool Poll(int stop, std::chrono::steady_clock::time_point until, bool& stopped,
              const std::function<void(std::uint32_t, const Frame&)>& on_frame,
              const std::function<void(std::uint32_t)>& on_end);
    /// How it ended, in words. Reaps it.
    std::string Bury(Generator& generator);

    std::vector<Generator> generators_;
};

/// Counts the share of generators that were lost as unsent, in the first step of the seconds from
/// their loss on; what was not sent is an error of the run, though none of the server. Returns how
/// many. Open loop only.
std::uint64_t CountMissing(const Round& round, std::uint32_t processes, RoundResult& result);

}  // namespace holdfast::load
