#include "tests/e2e/memory/law.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "tests/support/stack/flood.h"

namespace holdfast::testing {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// What may stay of the freed memory, above what it was before all trouble.
constexpr std::uint64_t kKept = 6 * kMiB;
/// From the end of trouble to full service.
constexpr seconds kRecovery(2);
constexpr std::size_t kProbe = 200;
/// The share of the undisturbed rate that counts as full service: one probe takes 30 ms, and other
/// programs run on this machine, too.
constexpr double kFullRate = 0.4;
constexpr std::size_t kProbeConnections = 8;
// Of deploy/small.yaml.
constexpr std::uint64_t kPendingBytes = 16 * kMiB;
constexpr std::uint64_t kReplyBytes = kMiB;
constexpr std::uint64_t kMaxPeers = 2;
constexpr std::uint64_t kMaxMessage = 128U << 10U;
// idle_timeout is as long. A client's last answer may begin to wait when the time for its next head
// is over.
constexpr seconds kHeadTimeout(5);
constexpr seconds kWriteTimeout(5);
/// Connections above the limit that are being refused (docs/memory.md).
constexpr std::uint64_t kBeingRefused = 64;

/// The example, with the plugin that can be told what to do.
std::string SmallConfig(const std::map<std::string, std::string>& changes) {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/deploy/small.yaml");
    std::ostringstream stream;
    stream << file.rdbuf();
    std::string text = stream.str();
    text = std::regex_replace(text, std::regex("service: echo"), "service: trouble");
    text = std::regex_replace(text, std::regex("services: \\[echo\\]"), "services: [trouble]");
    for (const auto& [key, value] : changes) {
        const std::regex line("\n( *" + key + ":) [^ #\n]*");
        if (!std::regex_search(text, line)) throw std::invalid_argument("no key " + key);
        text = std::regex_replace(text, line, "\n$1 " + value);
    }
    return text;
}

std::uint64_t NumberAfter(const std::string& text, const std::string& words) {
    const std::size_t at = text.find(words);
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + words.size()));
}

}  // namespace

std::string Ask(const std::string& path, const std::string& command, std::size_t bytes) {
    std::string body = command + "\n";
    if (bytes > body.size()) body.resize(bytes, 'x');
    return PostBytes(path, body);
}

std::string WithHeader(std::string request, const std::string& header) {
    request.insert(request.find("\r\n") + 2, header + "\r\n");
    return request;
}

std::map<int, std::size_t> Trouble::Stop() {
    std::map<int, std::size_t> statuses;
    for (const auto& crowd : crowds_) {
        for (const auto& [status, count] : crowd->Stop()) statuses[status] += count;
    }
    if (hostile_ != nullptr) hostile_bytes_ = hostile_->bytes_sent();
    hostile_.reset();
    return statuses;
}

bool Trouble::HasSilent() const {
    return std::ranges::any_of(crowds_, [](const auto& crowd) { return crowd->falls_silent(); });
}

std::uint64_t Trouble::connections_opened() const {
    std::uint64_t opened = 0;
    for (const auto& crowd : crowds_) opened += crowd->opened();
    return opened;
}

void MemoryLaw::Start(std::uint64_t container, const Changes& changes) {
    if (SlowFactor() != 1) GTEST_SKIP() << "sanitizers need more memory than the law allows";
    std::string why_not;
    cgroup_ = MemoryCgroup::Create(container, why_not);
    if (cgroup_ == nullptr) GTEST_SKIP() << "no memory cgroup can be set up: " << why_not;
    const std::string config = SmallConfig(changes);
    max_connections_ = NumberAfter(config, "max_connections: ");
    stack_ = std::make_unique<Stack>(config);
    stack_->StartGatewayBy(cgroup_->EnterCommand());
    stack_->StartGateway();
    bounds_ = PrintedBounds();
    ASSERT_GT(bounds_.resident, 0U);
    ASSERT_LE(bounds_.total, container) << "the configuration is to fit";
    StartWorker();
    ASSERT_TRUE(stack_->WaitForWorkers(1));
    FullService();
    const auto baseline = FullService();
    ASSERT_TRUE(baseline) << stack_->gateway().Output();
    baseline_ = *baseline;
    idle_ = stack_->gateway().ResidentBytes();
    sampler_ = std::make_unique<Sampler>(*stack_, stack_->gateway(), *cgroup_);
}

CrowdOptions MemoryLaw::Clients(std::size_t connections, std::vector<std::string> requests) const {
    CrowdOptions options;
    options.port = stack_->ports().data;
    options.connections = connections;
    options.requests = std::move(requests);
    return options;
}

CrowdOptions MemoryLaw::SlowReaders(std::size_t connections, const std::string& request) const {
    CrowdOptions options = Clients(connections, {request});
    options.reads = false;
    options.opened_per_second = 2000;
    return options;
}

void MemoryLaw::StartWorker() {
    // Two handlers that sleep for 20 ms: it can be given ten times what it can serve.
    worker_ = &stack_->StartWorker("trouble", {"--threads", "2", "--capacity", "64"});
}

MemoryLaw::Bounds MemoryLaw::PrintedBounds() const {
    Process check({stack_->gateway_binary(), "--config", stack_->directory() / "gateway.yaml",
                   "--check-config"},
                  stack_->directory() / "check.log");
    check.Wait(seconds(10));
    const std::string output = check.Output();
    return {NumberAfter(output, "bounded by about ") * kMiB,
            NumberAfter(output, "kernel's sockets ") * kMiB};
}

/// Requests a second; nothing unless every one is answered with 200.
std::optional<double> MemoryLaw::FullService() const {
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

void MemoryLaw::AwaitEndOfSilent(Phase& phase) {
    const auto begin = steady_clock::now();
    phase.clients_stayed = !Eventually(
        [&] { return !stack_->gateway().Running() || stack_->Metric("holdfast_connections") == 0; },
        kHeadTimeout + kWriteTimeout + kRecovery);
    std::cout << phase.name << ": the silent clients "
              << (phase.clients_stayed ? "were still there after " : "were gone after ")
              << duration_cast<milliseconds>(steady_clock::now() - begin).count() << " ms\n";
}

/// From the trouble's end until every request is served again, and as many as before. Returns
/// the rate that there is then.
double MemoryLaw::Recover(Phase& phase) {
    const auto begin = steady_clock::now();
    double rate = 0;
    const bool recovered = Eventually(
        [&] {
            if (!stack_->gateway().Running()) return true;
            rate = FullService().value_or(0);
            return rate > kFullRate * baseline_;
        },
        seconds(20));
    if (recovered && stack_->gateway().Running()) {
        phase.recovered = duration_cast<milliseconds>(steady_clock::now() - begin);
    }
    return rate;
}

void MemoryLaw::Run(const std::string& name, steady_clock::duration length, const Begin& begin,
                    const std::function<void()>& end) {
    if (!stack_->gateway().Running()) return;
    sampler_->Enter(phases_.size());
    Phase phase;
    phase.name = name;
    Trouble trouble;
    begin(trouble);
    const auto until = steady_clock::now() + length;
    Eventually([&] { return steady_clock::now() > until || !stack_->gateway().Running(); },
               duration_cast<milliseconds>(length) + seconds(1));
    const auto statuses = trouble.Stop();
    end();
    if (trouble.HasSilent()) AwaitEndOfSilent(phase);
    const double rate = Recover(phase);
    std::cout << name << ": "
              << (phase.recovered
                      ? "served again after " + std::to_string(phase.recovered->count()) + " ms"
                      : "never served again")
              << ", " << static_cast<int>(rate) << " requests/s; connections "
              << trouble.connections_opened();
    if (const std::uint64_t bytes = trouble.hostile_bytes(); bytes > 0) {
        std::cout << ", hostile MiB " << bytes / kMiB;
    }
    std::cout << "; answers";
    for (const auto& [status, count] : statuses) std::cout << ' ' << status << ": " << count;
    std::cout << std::endl;
    phases_.push_back(phase);
}

void MemoryLaw::Judge(const std::string& csv) {
    EXPECT_TRUE(Eventually([&] { return stack_->Pending() == 0; }));
    EXPECT_TRUE(Eventually([&] { return stack_->gateway().ResidentBytes() < idle_ + kKept; }))
        << "of what was freed, more than " << kKept << " bytes stayed: it was " << idle_
        << ", and is " << stack_->gateway().ResidentBytes();
    std::vector<std::string> names;
    for (const Phase& phase : phases_) names.push_back(phase.name);
    const std::filesystem::path file = std::filesystem::path(HOLDFAST_BINARY_DIR) / csv;
    WriteCsv(file, samples(), names);
    std::cout << "cgroup version " << cgroup_->version() << "; bounds " << bounds_.resident / kMiB
              << " and " << bounds_.total / kMiB << " MiB; before all trouble "
              << static_cast<int>(baseline_) << " requests/s, RSS " << idle_ / 1024
              << " KiB, after it " << stack_->gateway().ResidentBytes() / 1024 << " KiB; "
              << samples().size() << " samples in " << file.string() << "\n";

    EXPECT_TRUE(stack_->gateway().Running()) << "it was killed";
    EXPECT_EQ(cgroup_->OomKills(), 0U);
    for (std::size_t i = 0; i < phases_.size(); ++i) JudgePhase(i);
    if (HasFailure()) std::cout << stack_->gateway().Output() << worker_->Output();
}

void MemoryLaw::JudgePhase(std::size_t index) {
    const Phase& phase = phases_[index];
    SCOPED_TRACE(phase.name);
    const auto peak = [&](std::uint64_t (*figure)(const Sample&)) {
        return PeakIn(samples(), index, figure);
    };
    const std::uint64_t resident = peak([](const Sample& s) { return s.resident; });
    const std::uint64_t held = peak([](const Sample& s) { return s.cgroup.Held(); });
    const std::uint64_t sockets = peak([](const Sample& s) { return s.cgroup.sockets; });
    const std::uint64_t pending = peak([](const Sample& s) { return s.pending_bytes; });
    const std::uint64_t replies = peak([](const Sample& s) { return s.reply_bytes; });
    const std::uint64_t connections = peak([](const Sample& s) { return s.connections; });
    std::cout << phase.name << ": RSS " << resident / 1024 << " KiB, cgroup " << held / 1024
              << " KiB, of it sockets " << sockets / 1024 << " KiB; pending " << pending / 1024
              << " KiB, replies " << replies / 1024 << " KiB, connections " << connections << "\n";
    EXPECT_LT(resident, bounds_.resident);
    EXPECT_LT(held, bounds_.total);
    // No phase fills every term of the bounds at once, so each of these is held to its own.
    EXPECT_LE(pending, kPendingBytes);
    EXPECT_LE(replies, kReplyBytes + kMaxPeers * kMaxMessage);
    EXPECT_LE(connections, max_connections_ + kBeingRefused);
    EXPECT_FALSE(phase.clients_stayed) << "limits.write_timeout is to end who reads nothing";
    EXPECT_TRUE(phase.recovered && *phase.recovered < kRecovery) << "service was not back";
}

}  // namespace holdfast::testing
