#include "load/run/fleet.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>
#include <utility>

#include "load/engine/engine.h"
#include "load/flow/flow.h"
#include "load/result/timeline.h"

namespace holdfast::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long a generator may take to see the target.
constexpr std::chrono::seconds kUpPatience(60);
constexpr milliseconds kEndPatience(2000);

int MillisecondsUntil(steady_clock::time_point until) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3'600'000));
}

[[noreturn]] void BeGenerator(const Fleet::Main& main, std::uint32_t process, int channel,
                              pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before that line
    // The terminal's Ctrl-C reaches the whole group: the parent decides what it means.
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    // Not exit: what the parent has buffered, and what it does at its end, is its own.
    _exit(main(process, channel));
}

[[noreturn]] void ThrowRefusal(const std::string& payload) {
    const std::string line = payload.substr(std::min<std::size_t>(payload.size(), 1));
    if (payload.starts_with('F')) throw FlowError(line);
    if (payload.starts_with('T')) throw TargetError(line);
    if (payload.starts_with('L')) throw LimitError(line);
    throw std::runtime_error("generator: " + line);
}

}  // namespace

Fleet::Fleet(std::uint32_t processes, const Main& main) {
    const pid_t parent = getpid();
    for (std::uint32_t process = 0; process < processes; ++process) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            throw std::system_error(errno, std::generic_category(), "socketpair");
        }
        const pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            // The parent's ends to the others: while one were open here, they would not see it go.
            for (const Generator& other : generators_) close(other.channel);
            BeGenerator(main, process, ends[1], parent);
        }
        const int error = errno;
        close(ends[1]);
        if (pid < 0) {
            close(ends[0]);
            throw std::system_error(error, std::generic_category(), "fork");
        }
        generators_.emplace_back();
        generators_.back().pid = pid;
        generators_.back().channel = ends[0];
    }
}

Fleet::~Fleet() {
    for (Generator& generator : generators_) {
        if (generator.channel >= 0) close(generator.channel);
    }
    const auto until = steady_clock::now() + kEndPatience;
    for (const Generator& generator : generators_) {
        if (generator.channel < 0) continue;
        while (waitpid(generator.pid, nullptr, WNOHANG) == 0) {
            if (steady_clock::now() >= until) kill(generator.pid, SIGKILL);
            poll(nullptr, 0, 5);
        }
    }
}

bool Fleet::WaitUp(int stop) {
    const auto until = steady_clock::now() + kUpPatience;
    const auto all_up = [this] {
        return std::all_of(generators_.begin(), generators_.end(),
                           [](const Generator& one) { return one.up; });
    };
    bool stopped = false;
    while (!all_up() && !stopped) {
        const bool in_time = Poll(
            stop, until, stopped,
            [this](std::uint32_t process, const Frame& frame) {
                if (frame.type == Frame::Type::kRefused) ThrowRefusal(frame.payload);
                generators_[process].up = frame.type == Frame::Type::kUp;
            },
            [this](std::uint32_t process) {
                throw std::runtime_error("generator " + std::to_string(process + 1) + " " +
                                         Bury(generators_[process]) + " before it began");
            });
        if (!in_time) throw std::runtime_error("the generators were not ready within 60 s");
    }
    return !stopped;
}

RoundResult Fleet::Run(const Round& round, int stop, milliseconds patience,
                       const std::function<void(const Interval&)>& on_second) {
    const auto count = static_cast<std::uint32_t>(generators_.size());
    RoundResult result;
    Timeline timeline(count);
    const std::string order = round.Serialize();
    for (std::uint32_t process = 0; process < count; ++process) {
        Generator& generator = generators_[process];
        generator.reported = 0;
        generator.busy = generator.channel >= 0;
        if (generator.busy) WriteFrame(generator.channel, Frame::Type::kRound, order);
        if (!generator.busy) timeline.End(process);
    }
    Duration length{};
    for (const Stage& stage : round.stages) length += stage.length;
    auto until = round.start + length + patience;

    const auto on_frame = [&](std::uint32_t process, const Frame& frame) {
        Generator& generator = generators_[process];
        if (frame.type == Frame::Type::kInterval) {
            Interval interval;
            if (!Interval::Parse(frame.payload, interval)) return;
            timeline.Add(process, interval);
            generator.reported = interval.second + 1;
        } else if (frame.type == Frame::Type::kDone) {
            generator.busy = false;
            timeline.End(process);
            const RoundEnd end = RoundEnd::Parse(frame.payload).value_or(RoundEnd());
            result.ledger_recorded += end.ledger_recorded;
            result.ledger_lost += end.ledger_lost;
            if (!end.ledger_trouble.empty()) result.ledger_trouble = end.ledger_trouble;
        } else if (frame.type == Frame::Type::kRefused) {
            ThrowRefusal(frame.payload);
        }
    };
    const auto on_end = [&](std::uint32_t process) {
        Generator& generator = generators_[process];
        generator.busy = false;
        timeline.End(process);
        result.lost.push_back(
            {.process = process, .second = generator.reported, .reason = Bury(generator)});
    };
    const auto any_busy = [this] {
        return std::any_of(generators_.begin(), generators_.end(),
                           [](const Generator& one) { return one.busy; });
    };
    while (any_busy()) {
        bool stopped = false;
        const bool in_time = Poll(result.interrupted ? -1 : stop, until, stopped, on_frame, on_end);
        if (stopped) {
            result.interrupted = true;
            until = std::min(until, steady_clock::now() + patience);
            for (const Generator& one : generators_) {
                if (one.busy) WriteFrame(one.channel, Frame::Type::kStop, {});
            }
        }
        if (!in_time) {
            // Killed, so that its end shows on the channel.
            for (const Generator& one : generators_) {
                if (one.busy) kill(one.pid, SIGKILL);
            }
            until += kEndPatience;
        }
        while (const Interval* second = timeline.NextWhole()) on_second(*second);
    }
    while (const Interval* second = timeline.NextWhole()) on_second(*second);
    result.intervals = timeline.Take();
    return result;
}

std::vector<pid_t> Fleet::pids() const {
    std::vector<pid_t> pids;
    for (const Generator& generator : generators_) pids.push_back(generator.pid);
    return pids;
}

bool Fleet::Poll(int stop, steady_clock::time_point until, bool& stopped,
                 const std::function<void(std::uint32_t, const Frame&)>& on_frame,
                 const std::function<void(std::uint32_t)>& on_end) {
    std::vector<pollfd> waiting = {{.fd = stop, .events = POLLIN, .revents = 0}};
    for (const Generator& generator : generators_) {
        waiting.push_back({.fd = generator.channel, .events = POLLIN, .revents = 0});
    }
    const int ready = poll(waiting.data(), waiting.size(), MillisecondsUntil(until));
    if (ready < 0) return true;  // a signal: the caller looks again
    stopped = waiting[0].revents != 0;
    for (std::uint32_t process = 0; process < generators_.size(); ++process) {
        if (waiting[process + 1].revents == 0) continue;
        Generator& generator = generators_[process];
        const bool more = generator.reader.ReadFrom(generator.channel);
        while (auto frame = generator.reader.Next()) on_frame(process, *frame);
        if (!more && generator.channel >= 0) on_end(process);
    }
    return ready > 0 || steady_clock::now() < until;
}

std::string Fleet::Bury(Generator& generator) {
    close(generator.channel);
    generator.channel = -1;
    // It may have broken the channel and live.
    kill(generator.pid, SIGKILL);
    int status = 0;
    waitpid(generator.pid, &status, 0);
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        return "was killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
    }
    return "ended with status " + std::to_string(WEXITSTATUS(status));
}

std::uint64_t CountMissing(const Round& round, std::uint32_t processes, RoundResult& result) {
    if (result.lost.empty()) return 0;
    std::map<std::uint32_t, Interval> seconds;
    for (Interval& interval : result.intervals) {
        seconds.emplace(interval.second, std::move(interval));
    }
    Duration length{};
    for (const Stage& stage : round.stages) length += stage.length;
    // A run that was ended early had nothing more to send.
    auto planned =
        static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(length).count());
    if (result.interrupted) planned = seconds.empty() ? 0 : seconds.rbegin()->first + 1;

    std::uint64_t missing = 0;
    for (const LostGenerator& lost : result.lost) {
        double fraction = 0;
        for (std::uint32_t second = lost.second; second < planned; ++second) {
            const std::chrono::seconds from(second);
            fraction +=
                PlannedJourneys(round.stages, from, from + std::chrono::seconds(1)) / processes;
            const auto whole = static_cast<std::uint64_t>(fraction);
            fraction -= static_cast<double>(whole);
            Interval& interval = seconds[second];
            interval.second = second;
            if (interval.steps.empty()) interval.steps.resize(1);
            interval.steps[0].errors[static_cast<std::size_t>(ErrorKind::kUnsent)] += whole;
            missing += whole;
        }
    }
    result.intervals.clear();
    for (auto& [second, interval] : seconds) result.intervals.push_back(std::move(interval));
    return missing;
}

}  // namespace holdfast::load
