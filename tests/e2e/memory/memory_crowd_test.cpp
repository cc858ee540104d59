// Thousands of slow clients at once, in a container that has room for them.
#include <sys/resource.h>

#include <algorithm>
#include <iostream>

#include "tests/e2e/memory/law.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kSenders = 4000;
constexpr std::size_t kReaders = 4000;

/// This process's clients need a descriptor each, as their gateway's do.
bool HasDescriptors(std::size_t count) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur >= count;
}

/// A request whose head has `bytes` before its body.
std::string WithHeadOf(std::size_t bytes, std::string request) {
    const std::string name = "Filler: ";
    const std::size_t head = request.find("\r\n\r\n") + 4;
    return WithHeader(std::move(request), name + std::string(bytes - head - name.size() - 2, 'x'));
}

TEST_F(MemoryLaw, EightThousandSlowClientsAreHeldAtOnce) {
    if (!HasDescriptors(10'000)) GTEST_SKIP() << "10,000 descriptors are needed";
    Start(384 * kMiB, {{"max_connections", "8200"},
                       {"send_buffer", "4KiB"},
                       {"receive_buffer", "4KiB"},
                       {"pending_requests", "8192"},
                       {"queue_requests", "8192"},
                       {"head_timeout", "30s"}});
    if (!Started()) return;
    const auto slow_senders = [&](std::size_t connections, const std::string& request) {
        CrowdOptions options = Clients(connections, {request});
        options.piece = 100;
        options.piece_every = milliseconds(1000);
        options.opened_per_second = 1000;
        return options;
    };
    Run("slow clients", seconds(15), [&](Trouble& trouble) {
        // Heads that fill their limit, and bodies that the minimum rate ends.
        trouble.Add(slow_senders(kSenders * 3 / 4, WithHeadOf(2000, Ask("/v1/echo", "echo", 300))));
        trouble.Add(slow_senders(kSenders / 4, Ask("/v1/echo", "echo", 3000)));
        trouble.Add(SlowReaders(kReaders / 2, Ask("/v1/echo", "bytes 60000")));
        trouble.Add(SlowReaders(kReaders / 2, Ask("/v1/echo", "echo", 300)));
    });
    Judge("memory-crowd.csv");

    std::vector<std::uint64_t> held;
    for (const Sample& sample : samples()) held.push_back(sample.connections);
    std::ranges::sort(held);
    std::cout << "connections held: half of the time at least " << held[held.size() / 2] << "\n";
    // Who is cut off connects anew.
    EXPECT_GT(held.back(), (kSenders + kReaders) * 95 / 100);
}

}  // namespace
}  // namespace holdfast::testing
