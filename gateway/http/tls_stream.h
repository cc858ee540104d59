#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// OpenSSL's own types, so that its headers stay in two files.
extern "C" {
struct ssl_st;
struct bio_st;
}

namespace holdfast::gateway::http {

class TlsContext;

struct IoResult {
    enum class Status : std::uint8_t {
        kOk,
        kWouldBlock,
        kEnd,
        kError,
        kPlainHttp,  ///< instead of a TLS handshake: a client that took this for an http port
    };
    Status status = Status::kOk;
    std::size_t bytes = 0;
    bool drained = false;  ///< of a read: the socket is empty, what comes next is a new edge
};

/// The server's end of TLS on a connected descriptor, which the caller keeps. The handshake is made
/// by the first reads. A connection that is idle holds no buffer.
///
/// Thread: its loop's. Nothing blocks.
class TlsStream {
  public:
    /// Throws std::bad_alloc.
    TlsStream(const TlsContext& context, int descriptor);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    /// At most one record.
    IoResult Read(char* into, std::size_t size);
    /// Once the handshake is over. After kWouldBlock, and after less than all, the rest must be
    /// what comes next: a record of it waits already.
    IoResult Write(std::string_view first, std::string_view second);
    /// Says that no more will be written; what the socket does not take at once is not said.
    void SendClose();

    bool handshaking() const { return handshaking_; }
    /// The last Read sent something: in a handshake, that is the expensive step.
    bool answered() const { return answered_; }
    /// The last Read cannot go on before the socket takes bytes again.
    bool wants_write() const { return wants_write_; }
    /// Why the last Read failed.
    const std::string& reason() const { return reason_; }

  private:
    friend struct TlsBio;

    struct Free {
        void operator()(ssl_st* session) const;
    };

    IoResult Failed(int returned);

    const int descriptor_;
    bool handshaking_ = true;
    bool answered_ = false;
    bool wants_write_ = false;
    bool socket_empty_ = false;  ///< by a system call of the current Read
    bool socket_ended_ = false;
    bool broken_ = false;
    std::unique_ptr<ssl_st, Free> session_;
    std::string reason_;
};

/// What OpenSSL says of its latest failure on this thread, which it then forgets.
std::string TakeTlsReason();

/// Chooses HTTP/1.1 where a client offers protocols (ALPN, RFC 7301), and refuses it where it
/// offers others only.
int SelectProtocol(ssl_st* session, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void* unused);

}  // namespace holdfast::gateway::http
