#include "gateway/http/server.h"

#include <pthread.h>

#include <algorithm>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/http/accept.h"
#include "gateway/http/loop.h"

namespace holdfast::gateway::http {

struct Server::Impl {
    Impl(const ServerOptions& server_options, const Router& router, InflightBudget& budget,
         BusInbox& bus, Observer& observer)
        : options(server_options), parts{options, router, budget, bus, observer} {
        for (std::uint32_t i = 0; i < std::max(options.threads, 1U); ++i) {
            loops.push_back(std::make_unique<Loop>(i, parts));
        }
    }

    void Deal(int descriptor, std::string client) {
        loops[next_loop]->Adopt(descriptor, std::move(client));
        next_loop = (next_loop + 1) % loops.size();
    }

    const ServerOptions options;
    ServerParts parts;
    std::vector<std::unique_ptr<Loop>> loops;
    std::vector<std::thread> threads;
    std::size_t next_loop = 0;  ///< the first loop's thread
    std::uint16_t port = 0;
};

Server::Server(const ServerOptions& options, const Router& router, InflightBudget& budget,
               BusInbox& bus, Observer& observer)
    : impl_(std::make_unique<Impl>(options, router, budget, bus, observer)) {}

Server::~Server() {
    Stop();
}

void Server::Start() {
    const ServerOptions& options = impl_->options;
    const int listener = OpenListener(options);
    impl_->port = PortOf(listener);
    Impl* const impl = impl_.get();
    impl->loops.front()->Listen(listener, [impl](int descriptor, std::string client) {
        impl->Deal(descriptor, std::move(client));
    });
    for (std::size_t i = 0; i < impl->loops.size(); ++i) {
        impl->threads.emplace_back([impl, i] {
            pthread_setname_np(pthread_self(), ("http-" + std::to_string(i)).c_str());
            impl->loops[i]->Run();
        });
    }
}

std::uint16_t Server::port() const {
    return impl_->port;
}
std::uint32_t Server::loops() const {
    return static_cast<std::uint32_t>(impl_->loops.size());
}

CompletionInbox& Server::completions(std::uint32_t loop) {
    return impl_->loops[loop]->completions();
}

void Server::StopAccepting() {
    for (const auto& loop : impl_->loops) loop->Drain();
}

void Server::SetTls(std::shared_ptr<const TlsContext> context) {
    impl_->parts.tls.Set(std::move(context));
}

std::uint32_t Server::active_connections() const {
    return impl_->parts.connections.load(std::memory_order_relaxed);
}

void Server::Stop() {
    if (impl_->threads.empty()) return;
    for (const auto& loop : impl_->loops) loop->Stop();
    for (std::thread& thread : impl_->threads) thread.join();
    impl_->threads.clear();
}

const CounterBlock& Server::counters(std::uint32_t loop) const {
    return impl_->loops[loop]->counters();
}

const Watchdog& Server::watchdog(std::uint32_t loop) const {
    return impl_->loops[loop]->watchdog();
}

}  // namespace holdfast::gateway::http
