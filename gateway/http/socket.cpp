#include "gateway/http/socket.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)) {}

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

IoResult Socket::Write(std::string_view first, std::string_view second) {
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
