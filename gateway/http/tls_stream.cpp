#include "gateway/http/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "gateway/http/tls_context.h"

namespace holdfast::gateway::http {

/// OpenSSL's way to the socket. Its own would raise SIGPIPE, and would not tell when the socket is
/// empty.
struct TlsBio {
    static TlsStream& Of(BIO* bio) { return *static_cast<TlsStream*>(::BIO_get_data(bio)); }

    static int Read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
        TlsStream& stream = Of(bio);
        ::BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        ssize_t count = 0;
        do {
            count = ::recv(stream.descriptor_, into, size, 0);
        } while (count < 0 && errno == EINTR);
        if (count > 0) {
            *got = static_cast<std::size_t>(count);
            stream.socket_empty_ = *got < size;
            return 1;
        }
        stream.socket_ended_ = count == 0;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            ::BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
        }
        return 0;
    }

    static int Write(BIO* bio, const char* from, std::size_t size, std::size_t* sent) {
        TlsStream& stream = Of(bio);
        ::BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
        ssize_t count = 0;
        do {
            count = ::send(stream.descriptor_, from, size, MSG_NOSIGNAL);
        } while (count < 0 && errno == EINTR);
        if (count >= 0) {
            *sent = static_cast<std::size_t>(count);
            stream.answered_ = true;
            return 1;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            ::BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
        }
        return 0;
    }

    static long Control(BIO* bio, int command, long /*number*/, void* /*argument*/) {
        if (command == BIO_CTRL_EOF) return Of(bio).socket_ended_ ? 1 : 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static const BIO_METHOD* Method() {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* const made =
                ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast socket");
            if (made == nullptr) throw std::bad_alloc();
            ::BIO_meth_set_read_ex(made, &Read);
            ::BIO_meth_set_write_ex(made, &Write);
            ::BIO_meth_set_ctrl(made, &Control);
            return made;
        }();
        return method;
    }
};

namespace {

/// The largest record (RFC 8446, 5.1).
constexpr std::size_t kRecord = 16U << 10U;

constexpr std::string_view kHttp11 = "\x08http/1.1";

}  // namespace

std::string TakeTlsReason() {
    const unsigned long code = ::ERR_peek_last_error();
    ::ERR_clear_error();
    const char* const reason = code != 0 ? ::ERR_reason_error_string(code) : nullptr;
    return reason != nullptr ? reason : "unknown reason";
}

int SelectProtocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
    const auto* const ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
    unsigned char* selected = nullptr;
    const int found = ::SSL_select_next_proto(&selected, chosen_size, ours, kHttp11.size(), offered,
                                              offered_size);
    *chosen = selected;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void TlsStream::Free::operator()(SSL* session) const {
    ::SSL_free(session);
}

TlsStream::TlsStream(const TlsContext& context, int descriptor)
    : descriptor_(descriptor), session_(::SSL_new(context.native())) {
    BIO* const bio = session_ != nullptr ? ::BIO_new(TlsBio::Method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    ::BIO_set_data(bio, this);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(session_.get(), bio, bio);
    ::SSL_set_accept_state(session_.get());
}

TlsStream::~TlsStream() = default;

IoResult TlsStream::Read(char* into, std::size_t size) {
    ::ERR_clear_error();
    answered_ = wants_write_ = false;
    // Known only of a read that happens now: what an earlier one left out has had its edge since.
    socket_empty_ = false;
    std::size_t got = 0;
    const int returned = ::SSL_read_ex(session_.get(), into, size, &got);
    if (handshaking_) handshaking_ = ::SSL_is_init_finished(session_.get()) == 0;
    if (returned != 1) return Failed(returned);
    const bool drained = socket_empty_ && ::SSL_has_pending(session_.get()) == 0;
    return {IoResult::Status::kOk, got, drained};
}

IoResult TlsStream::Failed(int returned) {
    switch (::SSL_get_error(session_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return {IoResult::Status::kWouldBlock};
        case SSL_ERROR_WANT_WRITE:
            wants_write_ = true;
            return {IoResult::Status::kWouldBlock};
        case SSL_ERROR_ZERO_RETURN:
            return {IoResult::Status::kEnd};
        default:
            break;
    }
    broken_ = true;
    if (socket_ended_) return {IoResult::Status::kEnd};
    const bool plain = ERR_GET_REASON(::ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    reason_ = TakeTlsReason();
    return {plain ? IoResult::Status::kPlainHttp : IoResult::Status::kError};
}

IoResult TlsStream::Write(std::string_view first, std::string_view second) {
    std::array<char, kRecord> record;
    const std::size_t all = first.size() + second.size();
    std::size_t sent = 0;
    while (sent < all) {
        std::string_view next;
        if (sent >= first.size()) {
            next = second.substr(sent - first.size(), kRecord);
        } else {
            next = first.substr(sent, kRecord);
            // Head and body in one record, and so in one packet, where they fit.
            const std::string_view more = second.substr(0, kRecord - next.size());
            if (!more.empty()) {
                std::ranges::copy(more, std::ranges::copy(next, record.begin()).out);
                next = {record.data(), next.size() + more.size()};
            }
        }
        ::ERR_clear_error();
        std::size_t wrote = 0;
        const int returned = ::SSL_write_ex(session_.get(), next.data(), next.size(), &wrote);
        if (returned == 1) {
            sent += wrote;
            continue;
        }
        const int error = ::SSL_get_error(session_.get(), returned);
        if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
            return {sent > 0 ? IoResult::Status::kOk : IoResult::Status::kWouldBlock, sent};
        }
        broken_ = true;
        ::ERR_clear_error();
        return {IoResult::Status::kError};
    }
    return {IoResult::Status::kOk, sent};
}

void TlsStream::SendClose() {
    // OpenSSL allows no more after a failure, and there is nobody to tell before the handshake.
    if (broken_ || handshaking_) return;
    ::SSL_shutdown(session_.get());
    ::ERR_clear_error();
}

}  // namespace holdfast::gateway::http
