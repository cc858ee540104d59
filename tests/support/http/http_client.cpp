#include "tests/support/http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace holdfast::test {
namespace {

std::string Lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

HttpResponse ParseHead(std::string_view head) {
    HttpResponse response;
    std::from_chars(head.data() + 9, head.data() + 12, response.status);
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
        const std::size_t end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = head.substr(at, end - at);
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) {
            response.headers[Lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
        }
        at = end + 2;
    }
    return response;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, int receive_buffer)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(descriptor_);
        throw std::system_error(error, std::generic_category(), "connect");
    }
}

HttpClient::~HttpClient() {
    Close();
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : patience(other.patience),
      descriptor_(std::exchange(other.descriptor_, -1)),
      session_(std::move(other.session_)),
      buffer_(std::move(other.buffer_)) {}

void HttpClient::Free::operator()(SSL* session) const {
    ::SSL_free(session);
}

bool HttpClient::StartTls(const ClientTls& tls) {
    std::signal(SIGPIPE, SIG_IGN);
    const timeval bound{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    // Else the first request waits for the other side to acknowledge the handshake's end.
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_client_method());
    if (tls.version != 0) {
        // Also what this machine's OpenSSL would not offer by default.
        ::SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, tls.version);
        SSL_CTX_set_max_proto_version(context, tls.version);
    }
    if (!tls.alpn.empty()) {
        ::SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(tls.alpn.data()),
                                  static_cast<unsigned>(tls.alpn.size()));
    }
    if (!tls.certificate.empty()) {
        ::SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str());
        ::SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM);
    }
    session_.reset(::SSL_new(context));
    ::SSL_CTX_free(context);
    ::SSL_set_fd(session_.get(), descriptor_);
    return ::SSL_connect(session_.get()) == 1;
}

bool HttpClient::Send(std::string_view bytes) {
    if (session_ == nullptr) return SendRaw(bytes);
    std::size_t sent = 0;
    return ::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent) == 1;
}

bool HttpClient::SendRaw(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool HttpClient::Readable() const {
    if (session_ != nullptr && ::SSL_pending(session_.get()) > 0) return true;
    pollfd poll{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, static_cast<int>(patience.count())) > 0;
}

std::ptrdiff_t HttpClient::ReadSome(char* into, std::size_t size) {
    if (session_ == nullptr) return ::recv(descriptor_, into, size, 0);
    return ::SSL_read(session_.get(), into, static_cast<int>(size));
}

bool HttpClient::Fill() {
    if (!Readable()) return false;
    std::array<char, 65536> chunk;
    const std::ptrdiff_t got = ReadSome(chunk.data(), chunk.size());
    if (got <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<HttpResponse> HttpClient::Receive(bool to_head) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!Fill()) return std::nullopt;
    }
    HttpResponse response = ParseHead(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end + 4);
    std::size_t length = 0;
    const std::string text = response.Header("content-length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (to_head || response.status < 200) length = 0;
    while (buffer_.size() < length) {
        if (!Fill()) return std::nullopt;
    }
    response.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return response;
}

std::optional<HttpResponse> HttpClient::Ask(std::string_view request) {
    Send(request);
    return Receive(request.starts_with("HEAD "));
}

bool HttpClient::WaitForClose() {
    if (!buffer_.empty() || !Readable()) return false;
    char byte = 0;
    return ReadSome(&byte, 1) <= 0;
}

void HttpClient::ShutdownSend() {
    if (session_ != nullptr) ::SSL_shutdown(session_.get());
    ::shutdown(descriptor_, SHUT_WR);
}

void HttpClient::Reset() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    Close();
}

void HttpClient::Close() {
    session_.reset();
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace holdfast::test
