#include "tests/e2e/memory/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "tests/support/stack/flood.h"
#include "tests/support/stack/process.h"

namespace holdfast::testing {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTurn(10);
constexpr std::size_t kEvents = 512;
constexpr int kPiecesSent = 64;

void CloseWithReset(int descriptor) {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(descriptor);
}

}  // namespace

struct Crowd::Client {
    int descriptor = -1;
    bool busy = false;  ///< has a request that is not answered
    const std::string* request = nullptr;
    std::size_t sent = 0;
    steady_clock::time_point next_piece;
    std::string answer;
};

Crowd::Crowd(CrowdOptions options) : options_(std::move(options)), epoll_(epoll_create1(0)) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    for (std::size_t i = 0; i < options_.connections; ++i) {
        clients_.push_back(std::make_unique<Client>());
        closed_.push_back(clients_.back().get());
    }
    thread_ = std::thread([this] { Run(); });
}

Crowd::~Crowd() {
    Stop();
    CloseAll();
    close(epoll_);
}

bool Crowd::WaitForAnswers(milliseconds patience) {
    return Eventually([this] { return done_.load(); }, patience);
}

std::map<int, std::size_t> Crowd::Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    if (!options_.falls_silent) CloseAll();
    return statuses_;
}

void Crowd::CloseAll() {
    for (const auto& client : clients_) {
        if (client->descriptor >= 0) CloseWithReset(std::exchange(client->descriptor, -1));
    }
}

void Crowd::Run() {
    std::array<epoll_event, kEvents> events;
    auto last = steady_clock::now();
    while (!stop_ && !done_) {
        const auto now = steady_clock::now();
        const double passed = duration<double>(now - last).count();
        last = now;
        const auto add = [passed](double& may, std::size_t per_second) {
            may = std::min(may + passed * static_cast<double>(per_second),
                           std::max(1.0, 0.1 * static_cast<double>(per_second)));
        };
        add(may_open_, options_.opened_per_second);
        add(may_begin_, options_.per_second);
        OpenSome();
        BeginSome();
        if (options_.piece > 0) {
            for (const auto& client : clients_) {
                if (client->busy && client->next_piece <= now) SendSome(*client);
            }
        }
        const int got = epoll_wait(epoll_, events.data(), kEvents, kTurn.count());
        for (int i = 0; i < got && !done_; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            auto& client = *static_cast<Client*>(event.data.ptr);
            if (client.descriptor < 0) continue;
            const bool ended = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
            if (options_.reads || ended) {
                if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) ReadSome(client);
            }
            if (client.descriptor >= 0 && (event.events & EPOLLOUT) != 0) SendSome(client);
        }
    }
}

bool Crowd::Open(Client& client) {
    client.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client.descriptor < 0) return false;
    if (!options_.reads) {
        const int smallest = 1;
        setsockopt(client.descriptor, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
        setsockopt(client.descriptor, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        CloseWithReset(std::exchange(client.descriptor, -1));
        return false;
    }
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &client}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, client.descriptor, &event);
    ++opened_;
    client.answer.clear();
    client.busy = false;
    idle_.push_back(&client);
    return true;
}

void Crowd::OpenSome() {
    while (!closed_.empty() && may_open_ >= 1) {
        may_open_ -= 1;
        Client& client = *closed_.back();
        closed_.pop_back();
        if (!Open(client)) {
            // Out of ports or descriptors for now: others will have closed in the next turn.
            closed_.insert(closed_.begin(), &client);
            return;
        }
    }
}

void Crowd::BeginSome() {
    std::vector<Client*> idle;
    idle.swap(idle_);
    for (Client* client : idle) {
        const bool paced = options_.per_second > 0;
        if (paced && may_begin_ < 1) {
            idle_.push_back(client);
        } else if (client->descriptor >= 0 && !client->busy) {
            if (paced) may_begin_ -= 1;
            Begin(*client);
        }
    }
}

void Crowd::Begin(Client& client) {
    client.busy = true;
    client.sent = 0;
    client.request = &options_.requests[next_request_++ % options_.requests.size()];
    // Not all in step: the first piece comes at a time of its own.
    client.next_piece =
        steady_clock::now() + options_.piece_every * (next_request_ % kPiecesSent) / kPiecesSent;
    if (options_.piece == 0) SendSome(client);
}

void Crowd::SendSome(Client& client) {
    if (!client.busy) return;
    if (options_.piece > 0) {
        const auto now = steady_clock::now();
        if (client.next_piece > now) return;
        client.next_piece = now + options_.piece_every;
    }
    while (client.sent < client.request->size()) {
        std::string_view rest = *client.request;
        rest.remove_prefix(client.sent);
        if (options_.piece > 0) rest = rest.substr(0, options_.piece);
        const ssize_t some = send(client.descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (some < 0) {
            // Not connected yet, or no room; epoll says when, or that it has failed.
            if (errno != EAGAIN && errno != ENOTCONN) End(client);
            return;
        }
        client.sent += static_cast<std::size_t>(some);
        if (options_.piece > 0) break;
        if (!options_.reads && client.sent == client.request->size()) client.sent = 0;
    }
    if (client.sent == client.request->size() && options_.leave != CrowdOptions::Leave::kNever) {
        Leave(client);
    }
}

void Crowd::Leave(Client& client) {
    if (options_.leave == CrowdOptions::Leave::kWithReset) {
        CloseWithReset(client.descriptor);
    } else {
        close(client.descriptor);
    }
    client.descriptor = -1;
    client.busy = false;
    closed_.push_back(&client);
}

void Crowd::ReadSome(Client& client) {
    std::array<char, 65536> chunk;
    while (true) {
        const ssize_t got = recv(client.descriptor, chunk.data(), chunk.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
        if (got <= 0) {
            End(client);
            return;
        }
        client.answer.append(chunk.data(), static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < chunk.size()) break;
    }
    while (const int status = TakeAnswer(client.answer)) {
        ++statuses_[status];
        client.busy = false;
        idle_.push_back(&client);
        if (++answers_ == options_.answers) done_ = true;
    }
}

void Crowd::End(Client& client) {
    CloseWithReset(std::exchange(client.descriptor, -1));
    if (std::exchange(client.busy, false)) ++statuses_[0];
    closed_.push_back(&client);
}

}  // namespace holdfast::testing
