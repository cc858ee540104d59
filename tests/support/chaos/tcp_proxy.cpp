#include "tests/support/chaos/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace holdfast::testing {
namespace {

constexpr std::size_t kMostLinks = 256;
constexpr std::size_t kMostHeld = 64 * 1024;
constexpr int kTickMs = 10;

sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int Listen(std::uint16_t port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = Loopback(port);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 128) != 0) {
        const int error = errno;
        close(listener);
        throw std::system_error(error, std::generic_category(), "proxy: listen");
    }
    return listener;
}

/// A connection that is on its way; a failure shows when it is first used.
int Connect(std::uint16_t port) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in address = Loopback(port);
    if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
        close(connection);
        return -1;
    }
    return connection;
}

void CloseByReset(int connection) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(connection);
}

bool MayWaitFor(int error) {
    return error == EAGAIN || error == EINTR || error == ENOTCONN;
}

}  // namespace

TcpProxy::TcpProxy(std::uint16_t port, std::uint16_t target, std::uint64_t seed)
    : port_(port),
      target_(target),
      listener_(Listen(port)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      random_(seed),
      thread_([this] { Run(); }) {}

TcpProxy::~TcpProxy() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    Wake();
    thread_.join();
    for (const Link& link : links_) Reset(link);
    close(listener_);
    close(wake_);
}

void TcpProxy::Behave(const LinkBehaviour& behaviour) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = behaviour;
        ++epoch_;
    }
    Wake();
}

void TcpProxy::Cut() {
    {
        const std::lock_guard lock(mutex_);
        ++cuts_;
    }
    Wake();
}

LinkCounts TcpProxy::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void TcpProxy::Wake() const {
    eventfd_write(wake_, 1);
}

void TcpProxy::Run() {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            now_ = wanted_;
            now_epoch_ = epoch_;
            if (cuts_ != cuts_done_) {
                counts_.cut += links_.size();
                for (const Link& link : links_) Reset(link);
                links_.clear();
                cuts_done_ = cuts_;
            }
        }
        Refill();
        std::vector<pollfd> waits{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
        for (Link& link : links_) {
            if (link.epoch != now_epoch_) Draw(link);
            for (const Pump* pump : {&link.forth, &link.back}) {
                const bool stalled = now_.stalled || (now_.forth_stalled && pump == &link.forth);
                const bool moves = !stalled && (now_.bytes_per_second == 0 || pump->allowance >= 1);
                if (!moves || pump->ended) continue;  // not even its errors are looked at
                if (pump->held.empty()) waits.push_back({pump->from, POLLIN, 0});
                if (!pump->held.empty()) waits.push_back({pump->to, POLLOUT, 0});
            }
        }
        const bool ticks = now_.bytes_per_second != 0 && !now_.stalled;
        poll(waits.data(), waits.size(), ticks ? kTickMs : -1);
        eventfd_t woken = 0;
        if (eventfd_read(wake_, &woken) == 0) continue;  // nothing moves by what no longer holds
        if (waits[1].revents != 0) Accept();
        if (now_.stalled) continue;
        std::uint64_t cut = 0;
        for (auto link = links_.begin(); link != links_.end();) {
            const bool lives = (now_.forth_stalled || Move(link->forth)) && Move(link->back) &&
                               !(link->forth.ended && link->back.ended);
            if (lives) {
                ++link;
                continue;
            }
            if (link->forth.ended && link->back.ended) {
                close(link->forth.from);
                close(link->forth.to);
            } else {
                Reset(*link);
                ++cut;
            }
            link = links_.erase(link);
        }
        const std::lock_guard lock(mutex_);
        counts_.cut += cut;
    }
}

void TcpProxy::Accept() {
    for (;;) {
        const int from = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (from < 0) return;
        const int to = links_.size() < kMostLinks ? Connect(target_) : -1;
        if (to < 0) {
            CloseByReset(from);
            continue;
        }
        const int on = 1;
        setsockopt(from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Link& link = links_.emplace_back();
        link.forth.from = link.back.to = from;
        link.forth.to = link.back.from = to;
        Draw(link);
        const std::lock_guard lock(mutex_);
        ++counts_.connections;
    }
}

void TcpProxy::Draw(Link& link) {
    link.epoch = now_epoch_;
    const auto within = [this](std::uint64_t most) { return most == 0 ? 0 : 1 + random_() % most; };
    link.forth.until_cut = within(now_.cut_forth_within);
    link.back.until_cut = within(now_.cut_back_within);
    for (Pump* pump : {&link.forth, &link.back}) {
        pump->until_flip = within(std::uint64_t{2} * now_.corrupt_one_in);
    }
}

void TcpProxy::Refill() {
    const auto now = std::chrono::steady_clock::now();
    const double more =
        std::chrono::duration<double>(now - refilled_).count() * now_.bytes_per_second;
    refilled_ = now;
    // A tenth of a second's worth at most: what was not used is not saved up.
    const double most = std::max(1.0, now_.bytes_per_second / 10.0);
    for (Link& link : links_) {
        for (Pump* pump : {&link.forth, &link.back}) {
            pump->allowance = std::min(most, pump->allowance + more);
        }
    }
}

bool TcpProxy::Move(Pump& pump) {
    if (pump.ended) return true;
    if (pump.held.empty()) {
        std::size_t most = kMostHeld;
        if (now_.bytes_per_second != 0) {
            if (pump.allowance < 1) return true;
            most = std::min(most, static_cast<std::size_t>(pump.allowance));
        }
        pump.held.resize(most);
        const ssize_t got = recv(pump.from, pump.held.data(), most, 0);
        const int error = errno;
        pump.held.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (got < 0) return MayWaitFor(error);
        if (got == 0) {
            pump.ended = true;
            shutdown(pump.to, SHUT_WR);
            return true;
        }
        if (now_.bytes_per_second != 0) pump.allowance -= static_cast<double>(got);
        if (now_.corrupt_one_in != 0) Corrupt(pump);
    }
    const std::size_t most = pump.until_cut == 0
                                 ? pump.held.size()
                                 : std::min<std::size_t>(pump.held.size(), pump.until_cut);
    const ssize_t sent = send(pump.to, pump.held.data(), most, MSG_NOSIGNAL);
    if (sent < 0) return MayWaitFor(errno);
    pump.held.erase(0, static_cast<std::size_t>(sent));
    if (pump.until_cut == 0) return true;
    pump.until_cut -= static_cast<std::uint64_t>(sent);
    return pump.until_cut > 0;
}

void TcpProxy::Corrupt(Pump& pump) {
    std::uint64_t flipped = 0;
    std::size_t at = 0;
    while (pump.until_flip <= pump.held.size() - at) {
        at += pump.until_flip;
        pump.held[at - 1] = static_cast<char>(pump.held[at - 1] ^ (1 << random_() % 8));
        pump.until_flip = 1 + random_() % (std::uint64_t{2} * now_.corrupt_one_in);
        ++flipped;
    }
    pump.until_flip -= pump.held.size() - at;
    const std::lock_guard lock(mutex_);
    counts_.corrupted += flipped;
}

void TcpProxy::Reset(const Link& link) {
    CloseByReset(link.forth.from);
    CloseByReset(link.forth.to);
}

}  // namespace holdfast::testing
