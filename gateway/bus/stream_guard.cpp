#include "gateway/bus/stream_guard.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace holdfast::gateway {
namespace {

std::string PeerOf(int descriptor) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (getpeername(descriptor, address, &size) != 0 ||
        getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "a peer that has gone";
    }
    return std::string(host.data()) + ":" + port.data();
}

}  // namespace

StreamGuard::News StreamGuard::TakeNews() {
    MutexLock lock(mutex_);
    has_news_.store(false, std::memory_order_relaxed);
    return std::exchange(news_, News{});
}

void StreamGuard::OnAccepted(int descriptor) {
    // libzmq tells nobody when it closes one: a number that comes again is another connection.
    streams_.insert_or_assign(descriptor, ZmtpStream());
}

std::ptrdiff_t StreamGuard::OnReceived(int descriptor, void* buffer, std::ptrdiff_t received) {
    if (received <= 0) {
        if (received == 0 || (errno != EAGAIN && errno != EINTR)) streams_.erase(descriptor);
        return received;
    }
    const auto found = streams_.find(descriptor);
    ZmtpStream::Result result{ZmtpStream::Verdict::kHandshake, 0, 0};
    if (found != streams_.end()) {
        result = found->second.Filter(
            {static_cast<unsigned char*>(buffer), static_cast<std::size_t>(received)});
    }
    const bool refused = result.verdict != ZmtpStream::Verdict::kGood;
    if (result.verdict == ZmtpStream::Verdict::kMoreFrames || result.ignored != 0) {
        Tell(descriptor, result);
    }
    if (refused) {
        if (found != streams_.end()) streams_.erase(found);
        errno = ECONNRESET;
        return -1;
    }
    if (result.kept == 0) {
        errno = EAGAIN;
        return -1;
    }
    return static_cast<std::ptrdiff_t>(result.kept);
}

void StreamGuard::Tell(int descriptor, const ZmtpStream::Result& result) {
    const bool disconnected = result.verdict == ZmtpStream::Verdict::kMoreFrames;
    std::string peer = disconnected ? PeerOf(descriptor) : std::string();
    MutexLock lock(mutex_);
    news_.ignored += result.ignored;
    if (disconnected) {
        ++news_.disconnected;
        news_.latest = std::move(peer);
    }
    has_news_.store(true, std::memory_order_release);
}

}  // namespace holdfast::gateway
