#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace holdfast::test {

/// An HTTP server that does to each request what a script says: answers late, in pieces, twice,
/// with another's answer, half, or never. One thread for each connection; for tens of them.
class ScriptedServer {
  public:
    struct Asked {
        std::uint64_t number = 0;      ///< of the request, over all connections, from 0
        std::uint64_t connection = 0;  ///< from 0
        std::string head;
        std::string body;
    };
    struct Reply {
        std::chrono::milliseconds delay{};  ///< before the first byte
        std::string bytes = {};             ///< as they are to be sent; empty: no answer
        std::size_t piece = 0;              ///< so many bytes at a time; 0: all at once
        std::chrono::milliseconds pause{};  ///< between the pieces
        enum class Then : std::uint8_t { kKeep, kClose, kReset } then = Then::kKeep;
        std::string afterwards = {};  ///< sent `pause` after the answer, unasked
    };
    /// Called by the connections' threads, several at once.
    using Script = std::function<Reply(const Asked&)>;

    struct Tls {
        std::string certificate_file;  ///< PEM
        std::string key_file;
    };

    /// Listens on a free port of 127.0.0.1.
    explicit ScriptedServer(Script script);
    ScriptedServer(Script script, const Tls& tls);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string Url() const;
    std::uint64_t requests() const { return requests_; }
    std::uint64_t connections() const { return connections_; }

    /// Closes what is open and listens no more. Further connections are refused.
    void Stop();
    /// Listens again, on the same port.
    void Start();

  private:
    class Stream;

    void Accept();
    void Serve(int descriptor, std::uint64_t connection);
    bool Answer(Stream& stream, const Reply& reply);
    /// False: the server stops.
    bool Sleep(std::chrono::milliseconds time);

    const Script script_;
    std::shared_ptr<void> tls_;  ///< SSL_CTX
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> connections_{0};

    std::mutex mutex_;
    std::condition_variable stopping_;
    bool stopped_ = true;
    std::list<int> open_;
    std::list<std::thread> threads_;
    std::thread acceptor_;
};

/// A whole answer: status line, the headers (each with its CRLF), Content-Length, the body.
std::string HttpAnswer(std::string_view body, std::string_view status = "200 OK",
                       std::string_view headers = {});

}  // namespace holdfast::test
