#include "worker/supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <random>
#include <system_error>
#include <vector>

#include "worker/supervisor/child_table.h"
#include "worker/supervisor/notice_log.h"
#include "worker/supervisor/plugin_source.h"
#include "worker/supervisor/report_text.h"
#include "worker/supervisor/spawn.h"

namespace holdfast::worker {
namespace {

using Clock = SupervisorClock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kEndAtOnce{1};

double Seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

sigset_t SupervisorSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
    return set;
}

int OpenSignals() {
    const sigset_t set = SupervisorSignals();
    const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
    return fd;
}

class Supervisor {
  public:
    Supervisor(const SupervisorOptions& options, char* const* arguments)
        : options_(options),
          arguments_(arguments),
          signals_(OpenSignals()),
          plugin_(options.plugin, options.watch),
          supervision_(options.rules,
                       [this] { return std::generate_canonical<double, 32>(random_); }) {}
    ~Supervisor() { ::close(signals_); }
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    int Run();

  private:
    void Sleep();
    void TakeSignals(Clock::time_point now);
    void TakeReports(ChildId child, Clock::time_point now);
    void Reap(Clock::time_point now);
    void ReloadIfChanged(Clock::time_point now);
    void Obey(Clock::time_point now);
    void Start(const Order& order, Clock::time_point now);
    int EndAtOnce(int signal);

    const SupervisorOptions& options_;
    char* const* const arguments_;
    const int signals_;
    PluginSource plugin_;
    std::mt19937 random_{std::random_device{}()};
    Supervision supervision_;
    ChildTable children_;
    int end_signal_ = 0;  ///< the second one
};

int Supervisor::Run() {
    spdlog::info("supervisor {}: keeps {} processes running", ::getpid(), options_.rules.processes);
    supervision_.Begin(Clock::now());
    for (;;) {
        const auto now = Clock::now();
        TakeSignals(now);
        for (const ChildId child : children_.All()) TakeReports(child, now);
        Reap(now);
        ReloadIfChanged(now);
        supervision_.Tick(now);
        Obey(now);
        for (const Notice& notice : supervision_.TakeNotices()) {
            Log(notice, options_.rules, supervision_.generation());
        }
        if (end_signal_ != 0) return EndAtOnce(end_signal_);
        if (const auto code = supervision_.exit_code()) return *code;
        Sleep();
    }
}

void Supervisor::Sleep() {
    std::vector<pollfd> descriptors = {{.fd = signals_, .events = POLLIN, .revents = 0},
                                       {.fd = plugin_.watch_fd(), .events = POLLIN, .revents = 0}};
    children_.AddTo(descriptors);
    // A closed report pipe is readable until its child has been reaped: SIGCHLD comes soon.
    const auto next = std::min(supervision_.NextTick(), plugin_.NextLook());
    constexpr auto kLongest = std::chrono::hours(1);
    const auto left = std::min<Clock::duration>(
        next == Clock::time_point::max() ? kLongest : next - Clock::now(), kLongest);
    const auto timeout = std::chrono::ceil<milliseconds>(left).count();
    ::poll(descriptors.data(), descriptors.size(), static_cast<int>(std::max<long>(timeout, 0)));
}

void Supervisor::TakeSignals(Clock::time_point now) {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == sizeof info) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGHUP) {
            spdlog::info("SIGHUP: reloading {}", options_.plugin);
            plugin_.Force(now);
        } else if (signal == SIGTERM || signal == SIGINT) {
            if (supervision_.draining()) {
                end_signal_ = signal;
            } else {
                spdlog::info("draining every process; a second signal ends them at once");
                supervision_.Drain(now);
            }
        }
    }
}

void Supervisor::TakeReports(ChildId child, Clock::time_point now) {
    const auto lines = children_.TakeLines(child);
    const ChildTable::Running* const running = children_.Find(child);
    for (const std::string& line : lines) {
        if (line == "started") {
            supervision_.OnStarted(child, now);
        } else if (line == "ready") {
            supervision_.OnReady(child, now);
        } else if (constexpr std::string_view kCrash = "crash "; line.starts_with(kCrash)) {
            spdlog::error("process {} (pid {}): {}", running->place, running->process.pid,
                          ReportText(line.substr(kCrash.size()),
                                     plugin_.CopyOf(running->generation), options_.plugin));
        }
    }
}

void Supervisor::Reap(Clock::time_point now) {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
         pid = ::waitpid(-1, &status, WNOHANG)) {
        const ChildTable::Running* const found = children_.FindPid(pid);
        if (found == nullptr) continue;  // an orphan that was given to process 1
        const ChildId child = found->child;
        TakeReports(child, now);
        const ChildTable::Running running = *found;
        ChildEnd end;
        if (WIFSIGNALED(status)) {
            end.signal = WTERMSIG(status);
            end.core_dumped = WCOREDUMP(status);
        } else {
            end.exit_code = WEXITSTATUS(status);
        }
        spdlog::log(
            end.signal == 0 && end.exit_code == 0 ? spdlog::level::info : spdlog::level::err,
            "process {} (pid {}) ended: {}{}, after {:.1f} s", running.place, pid, Text(end),
            end.core_dumped ? ", core dumped" : "", Seconds(now - running.since));
        children_.Remove(child);
        supervision_.OnEnded(child, end, now);
        const std::uint32_t generation = running.generation;
        if (generation != supervision_.generation() && !children_.HasGeneration(generation)) {
            plugin_.Drop(generation);
        }
    }
}

void Supervisor::ReloadIfChanged(Clock::time_point now) {
    if (!plugin_.Look(now) || supervision_.reloading() || supervision_.draining()) return;
    const std::uint32_t next = supervision_.next_generation();
    if (!plugin_.Take(supervision_.generation(), next, now)) return;
    if (!supervision_.Reload(now)) plugin_.Drop(next);
}

void Supervisor::Obey(Clock::time_point now) {
    for (auto orders = supervision_.TakeOrders(); !orders.empty();
         orders = supervision_.TakeOrders()) {
        for (const Order& order : orders) {
            if (order.kind == Order::Kind::kStart) {
                Start(order, now);
            } else if (const ChildTable::Running* running = children_.Find(order.child)) {
                ::kill(running->process.pid, order.kind == Order::Kind::kDrain ? SIGTERM : SIGKILL);
            }
        }
    }
}

void Supervisor::Start(const Order& order, Clock::time_point now) {
    ChildContext context;
    context.index = order.place;
    context.generation = order.generation;
    context.restarts = order.restarts;
    context.last_crash = order.last_crash;
    if (!order.last_crash.empty()) {
        context.last_crash_age =
            std::chrono::duration_cast<milliseconds>(now - order.last_crash_at);
    }
    context.plugin = plugin_.CopyOf(order.generation);
    try {
        const SpawnedChild process = Spawn(arguments_, context);
        spdlog::info("process {} starts: pid {}, generation {}", order.place, process.pid,
                     order.generation);
        children_.Add({order.child, process, order.place, order.generation, now});
    } catch (const std::exception& error) {
        spdlog::error("process {} cannot be started: {}", order.place, error.what());
        supervision_.OnEnded(order.child, {.exit_code = 127}, now);
    }
}

int Supervisor::EndAtOnce(int signal) {
    children_.SignalAll(SIGKILL);
    const auto until = Clock::now() + kEndAtOnce;
    while (!children_.empty() && Clock::now() < until) {
        pollfd descriptor{.fd = signals_, .events = POLLIN, .revents = 0};
        ::poll(&descriptor, 1, 50);
        Reap(Clock::now());
    }
    return 128 + signal;
}

}  // namespace

void BlockSupervisorSignals() {
    const sigset_t set = SupervisorSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int RunSupervisor(const SupervisorOptions& options, char* const* arguments) {
    try {
        return Supervisor(options, arguments).Run();
    } catch (const std::exception& error) {
        spdlog::error("cannot start: {}", error.what());
        return 1;
    }
}

}  // namespace holdfast::worker
