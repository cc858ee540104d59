#include "load/engine/stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace holdfast::load {
namespace {

std::string Words(int error) {
    return std::generic_category().message(error);
}

Stream::Result Failed() {
    const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK;
    return {blocked ? Stream::Status::kWouldBlock : Stream::Status::kError, 0};
}

}  // namespace

bool Stream::Connect(const Address& address, const TlsContext* tls, std::string& why) {
    tls_ = tls;
    const int family = address.storage.ss_family;
    descriptor_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) {
        why = "no socket: " + Words(errno);
        return false;
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(descriptor_, to, address.size) != 0 && errno != EINPROGRESS) {
        why = address.text + ": " + Words(errno);
        Close();
        return false;
    }
    return true;
}

Stream::Status Stream::Continue(std::string& why) {
    if (!connected_) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            why = Words(error);
            return Status::kError;
        }
        sockaddr_storage peer{};
        size = sizeof peer;
        if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
            return Status::kWouldBlock;
        }
        connected_ = true;
    }
    if (tls_ == nullptr) return Status::kOk;
    if (session_ == nullptr) session_ = tls_->Begin(descriptor_);
    ::ERR_clear_error();
    const int returned = ::SSL_do_handshake(session_.get());
    if (returned == 1) return Status::kOk;
    const int reason = ::SSL_get_error(session_.get(), returned);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        return Status::kWouldBlock;
    }
    why = tls_->WhyFailed(session_.get());
    return Status::kError;
}

Stream::Result Stream::TlsResult(int returned, std::size_t bytes) {
    if (returned == 1) return {Status::kOk, bytes};
    switch (::SSL_get_error(session_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {Status::kWouldBlock, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {Status::kEnd, 0};
        default:
            return {Status::kError, 0};
    }
}

Stream::Result Stream::Read(char* into, std::size_t size) {
    if (session_ != nullptr) {
        std::size_t got = 0;
        ::ERR_clear_error();
        const int returned = ::SSL_read_ex(session_.get(), into, size, &got);
        return TlsResult(returned, got);
    }
    ssize_t got = 0;
    do {
        got = ::recv(descriptor_, into, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Failed();
    if (got == 0) return {Status::kEnd, 0};
    return {Status::kOk, static_cast<std::size_t>(got)};
}

Stream::Result Stream::Write(std::string_view bytes) {
    if (session_ != nullptr) {
        std::size_t sent = 0;
        ::ERR_clear_error();
        const int returned = ::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent);
        return TlsResult(returned, sent);
    }
    ssize_t sent = 0;
    do {
        sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return Failed();
    return {Status::kOk, static_cast<std::size_t>(sent)};
}

void Stream::ShrinkReceiveBuffer(std::size_t bytes) {
    const int size = static_cast<int>(bytes);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void Stream::Close() {
    session_.reset();
    connected_ = false;
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace holdfast::load
