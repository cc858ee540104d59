#include "gateway/http/socket.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace holdfast::gateway::http {
namespace {

IoResult Failed() {
    const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK;
    return {blocked ? IoResult::Status::kWouldBlock : IoResult::Status::kError, 0};
}

}  // namespace

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::move(other.tls_)),
      send_buffer_(other.send_buffer_),
      unchecked_(other.unchecked_) {}

IoResult Socket::Read(char* into, std::size_t size) {
    if (tls_ != nullptr) {
        const IoResult result = tls_->Read(into, size);
        if (result.status == IoResult::Status::kPlainHttp) tls_.reset();
        return result;
    }
    ssize_t got = 0;
    do {
        got = ::recv(descriptor_, into, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Failed();
    if (got == 0) return {IoResult::Status::kEnd, 0};
    const auto bytes = static_cast<std::size_t>(got);
    return {IoResult::Status::kOk, bytes, bytes < size};
}

// The kernel compares with SO_SNDBUF only when it begins a segment, and a segment of an unread
// connection grows to half the peer's window: 48 KiB were held against a buffer of 4 KiB. So the
// kernel is asked before each further send_buffer_ bytes, and says yes while its buffer is at most
// two thirds full. A no marks the socket, so that its room is reported as an edge (tcp_poll).
IoResult Socket::Write(std::string_view first, std::string_view second) {
    const std::size_t all = first.size() + second.size();
    std::size_t sent = 0;
    while (sent < all) {
        if (unchecked_ + (all - sent) > send_buffer_) {
            if (!TakesBytes()) break;
            unchecked_ = 0;
        }
        const std::size_t of_first = std::min(sent, first.size());
        const std::string_view one = first.substr(of_first, send_buffer_);
        const std::string_view two = second.substr(sent - of_first, send_buffer_ - one.size());
        const IoResult some = WriteOnce(one, two);
        if (some.status == IoResult::Status::kWouldBlock) break;
        if (some.status != IoResult::Status::kOk) return some;
        sent += some.bytes;
        unchecked_ += some.bytes;
    }
    if (sent == 0 && all > 0) return {IoResult::Status::kWouldBlock, 0};
    return {IoResult::Status::kOk, sent};
}

bool Socket::TakesBytes() const {
    pollfd room{descriptor_, POLLOUT, 0};
    return ::poll(&room, 1, 0) != 0;  // an error, too: the write will tell it
}

bool Socket::HasUnsent() const {
    int bytes = 0;
    // The end of the stream counts as one byte.
    return ::ioctl(descriptor_, TIOCOUTQ, &bytes) == 0 && bytes > 1;
}

IoResult Socket::WriteOnce(std::string_view first, std::string_view second) {
    if (tls_ != nullptr) return tls_->Write(first, second);
    ssize_t sent = 0;
    do {
        if (second.empty()) {
            sent = ::send(descriptor_, first.data(), first.size(), MSG_NOSIGNAL);
        } else {
            // sendmsg does not write through these pointers.
            std::array<iovec, 2> parts = {{{const_cast<char*>(first.data()), first.size()},
                                           {const_cast<char*>(second.data()), second.size()}}};
            msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = parts.size();
            sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return Failed();
    return {IoResult::Status::kOk, static_cast<std::size_t>(sent)};
}

void Socket::ShutdownSend() {
    if (tls_ != nullptr) tls_->SendClose();
    tls_.reset();
    ::shutdown(descriptor_, SHUT_WR);
}

void Socket::Close() {
    if (descriptor_ < 0) return;
    if (tls_ != nullptr) tls_->SendClose();
    tls_.reset();
    ::close(std::exchange(descriptor_, -1));
}

void Socket::Abort() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    tls_.reset();  // without a word
    Close();
}

}  // namespace holdfast::gateway::http
