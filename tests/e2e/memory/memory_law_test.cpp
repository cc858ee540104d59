// The memory law: a gateway in a container of 64 MiB, with deploy/small.yaml, is never killed and
// stays under what --check-config prints, whatever clients and workers do, and serves again when
// they have stopped.
#include <signal.h>

#include <cstdlib>

#include "tests/e2e/memory/law.h"

namespace holdfast::testing {
namespace {

using std::chrono::seconds;

/// How many clients are "thousands": the configuration takes 256 of them at a time.
constexpr std::size_t kThousands = 3000;

/// HOLDFAST_SOAK_MINUTES, else 5.
seconds Length() {
    const char* minutes = std::getenv("HOLDFAST_SOAK_MINUTES");
    const double length = minutes == nullptr ? 5 : std::stod(minutes);
    // The gateway refuses variables that are not its own.
    unsetenv("HOLDFAST_SOAK_MINUTES");
    return seconds(static_cast<long>(60 * length));
}

TEST_F(MemoryLaw, AContainerOf64MiBHoldsWhateverClientsAndWorkersDo) {
    const auto unit = Length() / 10;
    Start(64 * kMiB);
    if (!Started()) return;

    const std::uint16_t bus = stack().ports().bus;
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

    Run(
        "no workers", unit,
        [&](Trouble& trouble) {
            worker().Signal(SIGKILL);
            trouble.Add(Clients(64, {medium, large}));
        },
        [&] { StartWorker(); });
    Run(
        "stopped workers", unit,
        [&](Trouble& trouble) {
            worker().Signal(SIGSTOP);
            trouble.Add(Clients(200, {medium}));
            trouble.Add(Clients(20, {large}));
        },
        [&] { worker().Signal(SIGCONT); });
    Run("10 x the load", unit, [&](Trouble& trouble) { trouble.Add(too_much()); });
    Run("1 MiB bodies", unit, [&](Trouble& trouble) { trouble.Add(Clients(64, {large})); });
    Run("slow senders", unit, [&](Trouble& trouble) { trouble.Add(slow_senders(kThousands)); });
    // Of large answers, that wait in the gateway, and of small ones, that fill the kernel's
    // buffers; these fall silent in the end.
    Run("slow readers", unit, [&](Trouble& trouble) {
        trouble.Add(SlowReaders(kThousands / 2, large_reply));
        CrowdOptions of_small = SlowReaders(kThousands / 2, small);
        of_small.falls_silent = true;
        trouble.Add(of_small);
    });
    // To clients that take them, and to such that do not: what waits for those is bounded by the
    // credit, which this worker does not keep to.
    Run("reply flood", unit, [&](Trouble& trouble) {
        trouble.AddHostileWorker(bus);
        trouble.Add(Clients(32, {medium}));
        trouble.Add(SlowReaders(128, small));
    });
    Run("storms", unit, [&](Trouble& trouble) {
        trouble.Add(storm(CrowdOptions::Leave::kWithReset));
        trouble.Add(storm(CrowdOptions::Leave::kWithFin));
    });
    Run(
        "all together", 2 * unit,
        [&](Trouble& trouble) {
            trouble.AddHostileWorker(bus);
            trouble.Add(slow_senders(1000));
            trouble.Add(SlowReaders(1000, large_reply));
            trouble.Add(too_much());
            trouble.Add(Clients(32, {large}));
            trouble.Add(storm(CrowdOptions::Leave::kWithReset));
            worker().Signal(SIGSTOP);
        },
        [&] { worker().Signal(SIGCONT); });
    Judge("memory-law.csv");
}

}  // namespace
}  // namespace holdfast::testing
