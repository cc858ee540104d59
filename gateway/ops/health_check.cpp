#include "gateway/ops/health_check.h"

#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>

namespace holdfast::gateway {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};
constexpr std::size_t kMaxBody = 64 * 1024;

std::string Loopback(const std::string& address) {
    if (address == "0.0.0.0") return "127.0.0.1";
    if (address == "::") return "::1";
    return address;
}

/// Ends what `client` does when kPatience is over: its own time limits are those of single reads,
/// so that a target which sends a byte now and then would hold it for ever.
std::jthread EndInTime(httplib::Client& client) {
    return std::jthread([&client](const std::stop_token& done) {
        std::mutex mutex;
        std::condition_variable_any over;
        std::unique_lock lock(mutex);
        over.wait_for(lock, done, kPatience, [] { return false; });
        if (!done.stop_requested()) client.stop();
    });
}

int Say(int code, std::string_view word, const std::string& where, std::string_view detail) {
    std::printf("%.*s: %s%.*s\n", static_cast<int>(word.size()), word.data(), where.c_str(),
                static_cast<int>(detail.size()), detail.data());
    return code;
}

}  // namespace

int CheckHealth(const std::string& address, std::uint16_t port) {
    const std::string host = Loopback(address);
    const std::string where = host + ":" + std::to_string(port);
    httplib::Client client(host, port);
    client.set_connection_timeout(kPatience / 2);
    client.set_read_timeout(kPatience / 2);
    client.set_write_timeout(kPatience / 2);
    const std::jthread timer = EndInTime(client);
    std::size_t body = 0;
    const httplib::Result result = client.Get("/healthz", [&](const char*, std::size_t size) {
        body += size;
        return body <= kMaxBody;
    });
    if (!result) {
        return Say(1, "unhealthy", where, " does not answer (" + to_string(result.error()) + ")");
    }
    if (result->status == 200) return Say(0, "healthy", where, "");
    return Say(1, "unhealthy", where, " answers " + std::to_string(result->status));
}

}  // namespace holdfast::gateway
