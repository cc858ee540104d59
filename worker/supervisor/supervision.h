#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::worker {

using SupervisorClock = std::chrono::steady_clock;

/// What decides how children are restarted.
struct SupervisionRules {
    using Duration = SupervisorClock::duration;

    std::uint32_t processes = 1;
    /// After an end that nobody asked for the process starts again after this long, twice as long
    /// each time, up to the longest; less a random part of up to a half, so that several do not
    /// start at once.
    Duration first_delay = std::chrono::milliseconds(100);
    Duration longest_delay = std::chrono::seconds(10);
    /// A process that lived so long begins with the first delay again.
    Duration stable_after = std::chrono::seconds(30);
    /// So many ends within the window are a crash loop: the process is held back for the first
    /// quarantine, twice as long each time, up to the longest.
    std::size_t crash_limit = 5;
    Duration crash_window = std::chrono::seconds(60);
    Duration first_quarantine = std::chrono::seconds(30);
    Duration longest_quarantine = std::chrono::minutes(15);
    /// A reload whose processes are not all ready by then is given up.
    Duration ready_timeout = std::chrono::seconds(30);
    /// A process that was told to drain and has not ended by then is killed.
    Duration drain_limit = std::chrono::seconds(35);
};

/// One process from its start to its end; never reused.
struct ChildId {
    std::uint64_t value = 0;
    friend bool operator==(ChildId, ChildId) = default;
};

/// How a process ended.
struct ChildEnd {
    int signal = 0;     ///< that killed it; 0: none
    int exit_code = 0;  ///< without a signal
    bool core_dumped = false;
};
/// "SIGSEGV", "exit code 3".
std::string Text(const ChildEnd& end);

/// What the supervisor is to do.
struct Order {
    enum class Kind : std::uint8_t { kStart, kDrain, kKill };
    Kind kind = Kind::kStart;
    ChildId child;
    std::uint32_t place = 0;       ///< which of the processes; counts from 0
    std::uint32_t generation = 1;  ///< with kStart: of the plugin
    std::uint32_t restarts = 0;    ///< with kStart: of this place
    std::string last_crash{};      ///< with kStart; empty: there was none
    SupervisorClock::time_point last_crash_at{};
};

/// What the operator is told.
struct Notice {
    enum class Kind : std::uint8_t {
        kRestart,       ///< it ended unasked and starts again after `delay`
        kQuarantine,    ///< it ends again and again, and is held back for `delay`
        kCannotStart,   ///< it ended before it had begun to serve, as all others did
        kKilled,        ///< it did not end in its time
        kReloading,     ///< fresh processes start
        kReloaded,      ///< they took over, the old ones drain
        kReloadFailed,  ///< the old ones go on
    };
    Kind kind = Kind::kRestart;
    std::uint32_t place = 0;
    std::uint32_t generation = 0;
    SupervisorClock::duration delay{};
    std::string reason{};
};

/// Which processes run, when they start again, and how a reload goes from one generation of them
/// to the next. A state machine without I/O: the supervisor feeds it what happened and what time it
/// is, and takes its orders.
///
/// At most twice `processes` run at once (a reload), beside those that drain, each of which ends or
/// is killed within `drain_limit`.
///
/// Thread: one. Nothing blocks.
class Supervision {
  public:
    using TimePoint = SupervisorClock::time_point;
    using Duration = SupervisorClock::duration;

    /// `random`: from 0 up to 1.
    Supervision(const SupervisionRules& rules, std::function<double()> random);

    void Begin(TimePoint now);
    /// It has loaded its plugin.
    void OnStarted(ChildId child, TimePoint now);
    /// A gateway has welcomed it.
    void OnReady(ChildId child, TimePoint now);
    void OnEnded(ChildId child, const ChildEnd& end, TimePoint now);
    /// The next generation of the plugin is there. False while another reload is under way, or
    /// once draining: ask again when it is over.
    [[nodiscard]] bool Reload(TimePoint now);
    /// Ends every process; what is under way is given up.
    void Drain(TimePoint now);
    void Tick(TimePoint now);
    TimePoint NextTick() const;

    bool reloading() const { return reload_until_.has_value(); }
    /// The one that serves, and that starts again.
    std::uint32_t generation() const { return generation_; }
    /// The one that Reload will start.
    std::uint32_t next_generation() const { return last_generation_ + 1; }
    bool draining() const { return draining_; }
    /// The supervisor's exit code, once no process is left and none will start.
    std::optional<int> exit_code() const;

    std::vector<Order> TakeOrders();
    std::vector<Notice> TakeNotices();

  private:
    enum class State : std::uint8_t { kStarting, kStarted, kReady, kDraining };
    struct Child {
        ChildId id;
        std::uint32_t place = 0;
        std::uint32_t generation = 1;
        State state = State::kStarting;
        TimePoint since{};
        TimePoint kill_at = TimePoint::max();
    };
    /// What is known of one of the processes beyond the child that runs it.
    struct Place {
        ChildId current;    ///< 0: none
        ChildId candidate;  ///< of the reload that is under way
        TimePoint start_at = TimePoint::max();
        std::uint32_t restarts = 0;
        std::string last_crash;
        TimePoint last_crash_at{};
        std::deque<TimePoint> crashes;  ///< within the window
        Duration delay{};
        Duration quarantine{};
    };

    Child* Find(ChildId id);
    ChildId Start(std::uint32_t place, std::uint32_t generation, TimePoint now);
    void DrainChild(ChildId id, TimePoint now);
    void OnCurrentEnded(const Child& child, const ChildEnd& end, TimePoint now);
    void ScheduleRestart(Place& place, std::uint32_t index, const std::string& reason,
                         TimePoint now);
    bool AnyCurrentReady() const;
    bool CandidatesAreReady() const;
    void SwitchIfReady(TimePoint now);
    void FailReload(const std::string& reason, TimePoint now);

    const SupervisionRules rules_;
    const std::function<double()> random_;
    std::vector<Place> places_;
    std::vector<Child> children_;
    std::vector<Order> orders_;
    std::vector<Notice> notices_;
    std::uint64_t last_child_ = 0;
    std::uint32_t generation_ = 1;
    std::uint32_t last_generation_ = 1;  ///< of a reload that failed, too
    std::optional<TimePoint> reload_until_;
    bool ever_started_ = false;
    bool cannot_start_ = false;
    bool draining_ = false;
    bool unclean_ = false;  ///< some process did not drain in time
};

}  // namespace holdfast::worker
