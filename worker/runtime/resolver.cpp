#include "worker/runtime/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace holdfast::worker {
namespace {

constexpr std::chrono::seconds kInterval(2);
constexpr std::size_t kMaxAddresses = 64;  ///< of one name

/// Nothing when the name cannot be resolved now.
std::optional<std::vector<std::string>> Resolve(const Address& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(name.host.c_str(), name.port.c_str(), &hints, &found);
    if (error != 0) {
        spdlog::warn("cannot resolve gateway {}: {}", name.host, ::gai_strerror(error));
        return std::nullopt;
    }
    std::vector<std::string> endpoints;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        std::array<char, NI_MAXHOST> host{};
        if (::getnameinfo(at->ai_addr, at->ai_addrlen, host.data(), host.size(), nullptr, 0,
                          NI_NUMERICHOST) == 0 &&
            endpoints.size() < kMaxAddresses) {
            endpoints.push_back(Address{host.data(), name.port, true}.Endpoint());
        }
    }
    ::freeaddrinfo(found);
    return endpoints;
}

}  // namespace

struct Resolver::Shared {
    std::vector<Address> names;
    std::shared_ptr<Wakeup> wakeup;
    std::mutex mutex;
    std::condition_variable stopped;
    // Guarded by mutex.
    bool stopping = false;
    bool changed = false;
    std::vector<std::string> endpoints;
};

Resolver::Resolver(std::vector<Address> names, std::shared_ptr<Wakeup> wakeup)
    : shared_(std::make_shared<Shared>()) {
    shared_->names = std::move(names);
    shared_->wakeup = std::move(wakeup);
    if (!shared_->names.empty()) std::thread([shared = shared_] { Work(shared); }).detach();
}

Resolver::~Resolver() {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->stopped.notify_all();
}

void Resolver::Work(const std::shared_ptr<Shared>& shared) {
    std::vector<std::vector<std::string>> known(shared->names.size());
    for (;;) {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < known.size(); ++i) {
            if (auto endpoints = Resolve(shared->names[i])) known[i] = std::move(*endpoints);
            all.insert(all.end(), known[i].begin(), known[i].end());
        }
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());

        std::unique_lock lock(shared->mutex);
        if (shared->stopping) return;
        if (all != shared->endpoints) {
            shared->endpoints = std::move(all);
            shared->changed = true;
            shared->wakeup->Wake();
        }
        if (shared->stopped.wait_for(lock, kInterval, [&] { return shared->stopping; })) return;
    }
}

std::optional<std::vector<std::string>> Resolver::TakeChange() {
    const std::lock_guard lock(shared_->mutex);
    if (!std::exchange(shared_->changed, false)) return std::nullopt;
    return shared_->endpoints;
}

}  // namespace holdfast::worker
