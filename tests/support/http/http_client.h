#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// OpenSSL's own type.
extern "C" {
struct ssl_st;
}

namespace holdfast::test {

/// How a client begins TLS. It trusts every server.
struct ClientTls {
    std::string certificate{};  ///< PEM files of its own, for servers that ask
    std::string key{};
    int version = 0;     ///< the only one, as OpenSSL numbers them; 0: any
    std::string alpn{};  ///< protocols that are offered, each behind its length; empty: none
};

/// A response as it came, taken apart. Header names are lower-case; the last one wins.
struct HttpResponse {
    unsigned status = 0;
    std::map<std::string, std::string> headers;
    std::string body;

    std::string Header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

/// A client that sends exactly the bytes it is told to, well-formed or not. Blocking, with a limit
/// on each wait. One thread.
class HttpClient {
  public:
    /// Connects to 127.0.0.1. `receive_buffer` > 0 makes the kernel's one that small.
    explicit HttpClient(std::uint16_t port, int receive_buffer = 0);
    ~HttpClient();
    HttpClient(HttpClient&& other) noexcept;
    HttpClient& operator=(HttpClient&&) = delete;

    /// Shakes hands; from then on everything goes through TLS. False: the server would not, and the
    /// connection is of no use.
    bool StartTls(const ClientTls& tls = {});
    /// Beneath TLS, as it is.
    bool SendRaw(std::string_view bytes);
    /// Null without TLS.
    ssl_st* session() const { return session_.get(); }
    int descriptor() const { return descriptor_; }

    /// False when the peer has closed.
    bool Send(std::string_view bytes);

    /// The next response; nothing when the connection ended or `patience` passed first.
    /// `to_head`: it answers a HEAD and has no body.
    std::optional<HttpResponse> Receive(bool to_head = false);

    /// Send and Receive.
    std::optional<HttpResponse> Ask(std::string_view request);

    /// Whether the peer closes (end or reset) within the patience, with nothing more to read.
    bool WaitForClose();

    /// Over TLS: its close_notify, then the end of the stream.
    void ShutdownSend();
    /// Closes with a reset.
    void Reset();
    void Close();

    std::chrono::milliseconds patience{5000};

  private:
    struct Free {
        void operator()(ssl_st* session) const;
    };

    bool Readable() const;
    std::ptrdiff_t ReadSome(char* into, std::size_t size);
    bool Fill();

    int descriptor_ = -1;
    std::unique_ptr<ssl_st, Free> session_;
    std::string buffer_;
};

}  // namespace holdfast::test
