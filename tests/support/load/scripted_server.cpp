#include "tests/support/load/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::test {
namespace {

int Listen(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 128) != 0) {
        throw std::system_error(errno, std::generic_category(), "the scripted server's port");
    }
    return listener;
}

std::uint16_t PortOf(int listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

std::size_t ContentLength(const std::string& head) {
    const std::size_t place = head.find("Content-Length: ");
    return place == std::string::npos ? 0 : std::stoul(head.substr(place + 16));
}

}  // namespace

/// Blocking, plain or TLS.
class ScriptedServer::Stream {
  public:
    Stream(int descriptor, SSL_CTX* tls) : descriptor_(descriptor) {
        if (tls == nullptr) return;
        session_.reset(::SSL_new(tls));
        ::SSL_set_fd(session_.get(), descriptor);
        ok_ = ::SSL_accept(session_.get()) == 1;
    }

    bool ok() const { return ok_; }
    bool Send(std::string_view bytes) {
        if (bytes.empty()) return true;
        const int size = static_cast<int>(bytes.size());
        if (session_ != nullptr) return ::SSL_write(session_.get(), bytes.data(), size) == size;
        return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
    }
    /// The next request's head and body; false at the end.
    bool Receive(Asked& asked) {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!Fill()) return false;
        }
        asked.head = buffer_.substr(0, end + 4);
        const std::size_t length = ContentLength(asked.head);
        while (buffer_.size() < end + 4 + length) {
            if (!Fill()) return false;
        }
        asked.body = buffer_.substr(end + 4, length);
        buffer_.erase(0, end + 4 + length);
        return true;
    }
    void Reset() {
        const linger reset{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }

  private:
    bool Fill() {
        char bytes[4096];
        const int size = static_cast<int>(sizeof bytes);
        const auto got = session_ != nullptr ? ::SSL_read(session_.get(), bytes, size)
                                             : ::recv(descriptor_, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }

    struct Free {
        void operator()(SSL* session) const { ::SSL_free(session); }
    };
    int descriptor_;
    std::unique_ptr<SSL, Free> session_;
    bool ok_ = true;
    std::string buffer_;
};

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
    Start();
}

ScriptedServer::ScriptedServer(Script script, const Tls& tls)
    : script_(std::move(script)), tls_(::SSL_CTX_new(::TLS_server_method()), [](void* context) {
          ::SSL_CTX_free(static_cast<SSL_CTX*>(context));
      }) {
    std::signal(SIGPIPE, SIG_IGN);
    auto* context = static_cast<SSL_CTX*>(tls_.get());
    if (::SSL_CTX_use_certificate_chain_file(context, tls.certificate_file.c_str()) != 1 ||
        ::SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("the scripted server's certificate");
    }
    Start();
}

ScriptedServer::~ScriptedServer() {
    Stop();
}

std::string ScriptedServer::Url() const {
    return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
}

void ScriptedServer::Start() {
    listener_ = Listen(port_);
    port_ = PortOf(listener_);
    stopped_ = false;
    acceptor_ = std::thread([this] { Accept(); });
}

void ScriptedServer::Stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) return;
        for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
        ::shutdown(listener_, SHUT_RDWR);  // wakes accept
    }
    stopping_.notify_all();
    acceptor_.join();
    ::close(listener_);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void ScriptedServer::Accept() {
    for (;;) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (descriptor < 0 || stopped_) {
            if (descriptor >= 0) ::close(descriptor);
            if (stopped_) return;
            continue;
        }
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        open_.push_back(descriptor);
        threads_.emplace_back(&ScriptedServer::Serve, this, descriptor, connections_++);
    }
}

void ScriptedServer::Serve(int descriptor, std::uint64_t connection) {
    {
        Stream stream(descriptor, static_cast<SSL_CTX*>(tls_.get()));
        Asked asked;
        asked.connection = connection;
        while (stream.ok() && stream.Receive(asked)) {
            asked.number = requests_++;
            if (!Answer(stream, script_(asked))) break;
        }
    }
    const std::lock_guard lock(mutex_);
    open_.remove(descriptor);
    ::close(descriptor);
}

bool ScriptedServer::Answer(Stream& stream, const Reply& reply) {
    if (!Sleep(reply.delay)) return false;
    const std::size_t piece = reply.piece > 0 ? reply.piece : reply.bytes.size();
    for (std::size_t at = 0; at < reply.bytes.size(); at += piece) {
        if (at > 0 && !Sleep(reply.pause)) return false;
        if (!stream.Send(std::string_view(reply.bytes).substr(at, piece))) return false;
    }
    if (!reply.afterwards.empty()) {
        if (!Sleep(reply.pause)) return false;
        stream.Send(reply.afterwards);
    }
    if (reply.then == Reply::Then::kReset) stream.Reset();
    return reply.then == Reply::Then::kKeep;
}

bool ScriptedServer::Sleep(std::chrono::milliseconds time) {
    if (time <= std::chrono::milliseconds::zero()) return true;
    std::unique_lock lock(mutex_);
    return !stopping_.wait_for(lock, time, [this] { return stopped_; });
}

std::string HttpAnswer(std::string_view body, std::string_view status, std::string_view headers) {
    std::string answer = "HTTP/1.1 ";
    answer.append(status).append("\r\n").append(headers);
    answer += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return answer.append(body);
}

}  // namespace holdfast::test
