// The memory law: a gateway in a container of 64 MiB, with deploy/small.yaml, is never killed and
// stays under what --check-config prints, whatever clients and workers do, and serves again when
// they have stopped.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>

#include "tests/e2e/memory/crowd.h"
#include "tests/e2e/memory/hostile_worker.h"
#include "tests/e2e/memory/memory_cgroup.h"
#include "tests/e2e/memory/samples.h"
#include "tests/support/stack/flood.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kContainer = 64 * kMiB;
/// How many clients are "thousands": the configuration takes 256 of them at a time.
constexpr std::size_t kThousands = 3000;
/// What may stay of the freed memory, above what it was before all trouble.
constexpr std::uint64_t kKept = 6 * kMiB;
constexpr std::size_t kProbe = 200;
/// The share of the undisturbed rate that counts as full service: one probe takes 30 ms, and other
/// programs run on this machine, too.
constexpr double kFullRate = 0.4;
constexpr std::size_t kProbeConnections = 8;

/// HOLDFAST_SOAK_MINUTES, else 5.
seconds Length() {
    const char* minutes = std::getenv("HOLDFAST_SOAK_MINUTES");
    const double length = minutes == nullptr ? 5 : std::stod(minutes);
    // The gateway refuses variables that are not its own.
    unsetenv("HOLDFAST_SOAK_MINUTES");
    return seconds(static_cast<long>(60 * length));
}

/// The example, with the plugin that can be told what to do.
std::string SmallConfig() {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/deploy/small.yaml");
    std::ostringstream stream;
    stream << file.rdbuf();
    std::string text = stream.str();
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"service: echo", "service: trouble"},
          {"services: [echo]", "services: [trouble]"}}) {
        for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
            text.replace(at, from.size(), to);
        }
    }
    return text;
}

std::string Ask(const std::string& path, const std::string& command, std::size_t bytes = 0) {
    std::string body = command + "\n";
    if (bytes > body.size()) body.resize(bytes, 'x');
    return PostBytes(path, body);
}

std::string WithHeader(std::string request, const std::string& header) {
    request.insert(request.find("\r\n") + 2, header + "\r\n");
    return request;
}

struct Bounds {
    std::uint64_t resident = 0;
    std::uint64_t total = 0;
};

/// What happened in one phase.
struct Phase {
    std::string name;
    std::map<int, std::size_t> statuses;
    std::uint64_t connections = 0;    ///< that clients have opened
    std::uint64_t hostile_bytes = 0;  ///< from the hostile worker
    std::optional<milliseconds> recovered;
    double rate = 0;  ///< requests a second, of the last probe

    void Print() const;
};

void Phase::Print() const {
    std::cout << name << ": "
              << (recovered ? "served again after " + std::to_string(recovered->count()) + " ms"
                            : "never served again")
              << ", " << static_cast<int>(rate) << " requests/s; connections " << connections;
    if (hostile_bytes > 0) std::cout << ", hostile MiB " << hostile_bytes / kMiB;
    std::cout << "; answers";
    for (const auto& [status, count] : statuses) std::cout << ' ' << status << ": " << count;
    std::cout << std::endl;
}

class MemoryLaw : public ::testing::Test {
  protected:
    MemoryLaw() : cgroup_(MemoryCgroup::Create(kContainer, why_not_)), stack_(SmallConfig()) {}

    CrowdOptions Clients(std::size_t connections, std::vector<std::string> requests) const {
        CrowdOptions options;
        options.port = stack_.ports().data;
        options.connections = connections;
        options.requests = std::move(requests);
        return options;
    }

    Bounds PrintedBounds() {
        Process check({stack_.gateway_binary(), "--config", stack_.directory() / "gateway.yaml",
                       "--check-config"},
                      stack_.directory() / "check.log");
        check.Wait(seconds(10));
        const std::string output = check.Output();
        const auto after = [&](const std::string& words) {
            const std::size_t at = output.find(words);
            return at == std::string::npos ? 0
                                           : std::stoull(output.substr(at + words.size())) * kMiB;
        };
        return {after("bounded by about "), after("kernel's sockets ")};
    }

    Process& StartWorker() {
        // Two handlers that sleep for 20 ms: it can be given ten times what it can serve.
        return stack_.StartWorker("trouble", {"--threads", "2", "--capacity", "64"});
    }

    /// Requests a second; nothing unless every one is answered with 200.
    std::optional<double> FullService() {
        CrowdOptions options = Clients(kProbeConnections, {Ask("/v1/echo", "echo", 300)});
        options.answers = kProbe;
        const auto begin = steady_clock::now();
        Crowd crowd(options);
        if (!crowd.WaitForAnswers(seconds(3))) return std::nullopt;
        const double took = duration<double>(steady_clock::now() - begin).count();
        auto statuses = crowd.Stop();
        if (statuses[200] != kProbe) return std::nullopt;
        return static_cast<double>(kProbe) / took;
    }

    /// From the trouble's end until every request is served again, and as many as before.
    void Recover(Phase& phase, double baseline) {
        const auto begin = steady_clock::now();
        const bool recovered = Eventually(
            [&] {
                if (!stack_.gateway().Running()) return true;
                phase.rate = FullService().value_or(0);
                return phase.rate > kFullRate * baseline;
            },
            seconds(20));
        if (recovered && stack_.gateway().Running()) {
            phase.recovered = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
        }
    }

    std::string why_not_;
    std::unique_ptr<MemoryCgroup> cgroup_;  ///< removed after the gateway has ended
    Stack stack_;
};

/// What makes trouble while it lives.
class Trouble {
  public:
    void Add(CrowdOptions options) {
        crowds_.push_back(std::make_unique<Crowd>(std::move(options)));
    }
    void AddHostileWorker(std::uint16_t port) {
        hostile_ = std::make_unique<HostileWorker>(port, "trouble");
    }
    void End(Phase& phase) {
        for (const auto& crowd : crowds_) {
            for (const auto& [status, count] : crowd->Stop()) phase.statuses[status] += count;
            phase.connections += crowd->opened();
        }
        if (hostile_ != nullptr) phase.hostile_bytes = hostile_->bytes_sent();
        crowds_.clear();
        hostile_.reset();
    }

  private:
    std::vector<std::unique_ptr<Crowd>> crowds_;
    std::unique_ptr<HostileWorker> hostile_;
};

TEST_F(MemoryLaw, AContainerOf64MiBHoldsWhateverClientsAndWorkersDo) {
    if (SlowFactor() != 1) GTEST_SKIP() << "sanitizers need more memory than the law allows";
    if (cgroup_ == nullptr) GTEST_SKIP() << "no memory cgroup can be set up: " << why_not_;
    const auto unit = Length() / 10;
    stack_.StartGatewayBy(cgroup_->EnterCommand());
    stack_.StartGateway();
    const Bounds bounds = PrintedBounds();
    ASSERT_GT(bounds.resident, 0U);
    ASSERT_LE(bounds.total, kContainer) << "deploy/small.yaml is to fit";
    Process* worker = &StartWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));

    FullService();
    const auto baseline = FullService();
    ASSERT_TRUE(baseline) << stack_.gateway().Output();
    const std::uint64_t idle = stack_.gateway().ResidentBytes();

    std::vector<Phase> phases;
    std::vector<std::string> names;
    Sampler sampler(stack_, stack_.gateway(), *cgroup_);
    const auto run = [&](const std::string& name, const std::function<void(Trouble&)>& begin,
                         const std::function<void()>& end, int units = 1) {
        if (!stack_.gateway().Running()) return;  // the law is broken: no more to be learned
        sampler.Enter(phases.size());
        Phase phase;
        phase.name = name;
        Trouble trouble;
        begin(trouble);
        const auto until = steady_clock::now() + unit * units;
        Eventually([&] { return steady_clock::now() > until || !stack_.gateway().Running(); },
                   unit * units + seconds(1));
        trouble.End(phase);
        end();
        Recover(phase, *baseline);
        phases.push_back(phase);
        names.push_back(name);
        phase.Print();
    };
    const auto nothing = [] {};

    const std::string small = Ask("/v1/echo", "echo", 300);
    const std::string large = Ask("/v1/upload", "bytes 1000", kMiB);
    const std::string medium = Ask("/v1/echo", "echo", 60'000);
    // Given up after 200 ms, so that 240 clients can ask 1000 times a second.
    const std::string slow_work =
        WithHeader(Ask("/v1/echo", "block 20"), "Request-Timeout-Ms: 200");
    const std::string large_reply = Ask("/v1/echo", "bytes 60000");
    const auto slow_senders = [&](std::size_t connections) {
        CrowdOptions options = Clients(connections, {medium});
        options.piece = 200;
        options.opened_per_second = 2000;
        return options;
    };
    // Of large answers, that wait in the gateway, and of small ones, that fill the kernel's
    // buffers.
    const auto slow_readers = [&](std::size_t connections, const std::string& request) {
        CrowdOptions options = Clients(connections, {request});
        options.reads = false;
        options.opened_per_second = 2000;
        return options;
    };
    const auto too_much = [&] {
        // 2 handlers of 20 ms serve 100 a second.
        CrowdOptions options = Clients(240, {slow_work});
        options.per_second = 1000;
        return options;
    };
    const auto storm = [&](CrowdOptions::Leave leave) {
        CrowdOptions options = Clients(200, {Ask("/v1/echo", "block 5", 1000)});
        options.leave = leave;
        options.opened_per_second = 1500;
        return options;
    };

    run(
        "no workers",
        [&](Trouble& trouble) {
            worker->Signal(SIGKILL);
            trouble.Add(Clients(64, {medium, large}));
        },
        [&] { worker = &StartWorker(); });
    run(
        "stopped workers",
        [&](Trouble& trouble) {
            worker->Signal(SIGSTOP);
            trouble.Add(Clients(200, {medium}));
            trouble.Add(Clients(20, {large}));
        },
        [&] { worker->Signal(SIGCONT); });
    run(
        "10 x the load", [&](Trouble& trouble) { trouble.Add(too_much()); }, nothing);
    run(
        "1 MiB bodies", [&](Trouble& trouble) { trouble.Add(Clients(64, {large})); }, nothing);
    run(
        "slow senders", [&](Trouble& trouble) { trouble.Add(slow_senders(kThousands)); }, nothing);
    run(
        "slow readers",
        [&](Trouble& trouble) {
            trouble.Add(slow_readers(kThousands / 2, large_reply));
            trouble.Add(slow_readers(kThousands / 2, small));
        },
        nothing);
    run(
        "reply flood",
        [&](Trouble& trouble) {
            trouble.AddHostileWorker(stack_.ports().bus);
            trouble.Add(Clients(32, {medium}));
        },
        nothing);
    run(
        "storms",
        [&](Trouble& trouble) {
            trouble.Add(storm(CrowdOptions::Leave::kWithReset));
            trouble.Add(storm(CrowdOptions::Leave::kWithFin));
        },
        nothing);
    run(
        "all together",
        [&](Trouble& trouble) {
            trouble.AddHostileWorker(stack_.ports().bus);
            trouble.Add(slow_senders(1000));
            trouble.Add(slow_readers(1000, large_reply));
            trouble.Add(too_much());
            trouble.Add(Clients(32, {large}));
            trouble.Add(storm(CrowdOptions::Leave::kWithReset));
            worker->Signal(SIGSTOP);
        },
        [&] { worker->Signal(SIGCONT); }, 2);

    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
    EXPECT_TRUE(Eventually([&] { return stack_.gateway().ResidentBytes() < idle + kKept; }))
        << "of what was freed, more than " << kKept << " bytes stayed: it was " << idle
        << ", and is " << stack_.gateway().ResidentBytes();
    const std::vector<Sample>& samples = sampler.Stop();
    const std::filesystem::path csv = std::filesystem::path(HOLDFAST_BINARY_DIR) / "memory-law.csv";
    WriteCsv(csv, samples, names);
    std::cout << "cgroup version " << cgroup_->version() << "; before all trouble "
              << static_cast<int>(*baseline) << " requests/s; " << samples.size() << " samples in "
              << csv.string() << "\n";

    EXPECT_TRUE(stack_.gateway().Running()) << "it was killed";
    if (HasFailure() || std::ranges::any_of(phases, [](const Phase& p) { return !p.recovered; })) {
        std::cout << stack_.gateway().Output() << worker->Output();
    }
    EXPECT_EQ(cgroup_->OomKills(), 0U);
    for (std::size_t i = 0; i < phases.size(); ++i) {
        SCOPED_TRACE(names[i]);
        const auto peak = [&](std::uint64_t (*figure)(const Sample&)) {
            return PeakIn(samples, i, figure);
        };
        const std::uint64_t resident = peak([](const Sample& s) { return s.resident; });
        const std::uint64_t held = peak([](const Sample& s) { return s.cgroup.Held(); });
        const std::uint64_t sockets = peak([](const Sample& s) { return s.cgroup.sockets; });
        const std::uint64_t pending = peak([](const Sample& s) { return s.pending_bytes; });
        const std::uint64_t connections = peak([](const Sample& s) { return s.connections; });
        std::cout << names[i] << ": RSS " << resident / 1024 << " KiB, cgroup " << held / 1024
                  << " KiB, of it sockets " << sockets / 1024 << " KiB; pending " << pending / 1024
                  << " KiB, connections " << connections << "\n";
        EXPECT_LT(resident, bounds.resident);
        EXPECT_LT(held, bounds.total);
        EXPECT_TRUE(phases[i].recovered && *phases[i].recovered < seconds(2));
    }
}

}  // namespace
}  // namespace holdfast::testing
