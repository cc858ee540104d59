#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/tls_stream.h"

namespace holdfast::gateway::http {

/// A connection's byte stream, plain or through TLS, never blocking. Owns its descriptor. Not
/// thread-safe.
class Socket {
  public:
    /// `send_buffer`: what the listener was opened with, of which the kernel holds three times as
    /// much at most, of what the peer has not taken.
    Socket(int descriptor, std::size_t send_buffer)
        : descriptor_(descriptor), send_buffer_(send_buffer) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&&) = delete;
    ~Socket() { Close(); }

    /// Everything goes through `tls`, made for this descriptor, from now on.
    void StartTls(std::unique_ptr<TlsStream> tls) { tls_ = std::move(tls); }

    /// After kPlainHttp the socket is a plain one.
    IoResult Read(char* into, std::size_t size);
    /// Both parts, one after the other, in one system call where they are small; perhaps not all of
    /// them: then the socket will be reported as writable. What was not taken must be what is
    /// written next.
    IoResult Write(std::string_view first, std::string_view second = {});
    /// Whether the peer has not acknowledged everything that was written.
    bool HasUnsent() const;

    /// No more will be written; the peer reads the end. What is read from now on is for throwing
    /// away: it is not decrypted.
    void ShutdownSend();
    void Close();
    /// Closes with a reset, so that the kernel keeps none of what was not sent.
    void Abort();

    int descriptor() const { return descriptor_; }
    bool is_tls() const { return tls_ != nullptr; }
    bool Handshaking() const { return tls_ != nullptr && tls_->handshaking(); }
    /// Of the last Read, while Handshaking: it took the step that costs the most.
    bool TookHandshakeStep() const { return tls_ != nullptr && tls_->answered(); }
    /// The last Read cannot go on before the socket takes bytes again.
    bool WantsWrite() const { return tls_ != nullptr && tls_->wants_write(); }
    /// Why TLS failed in the last Read.
    std::string TlsReason() const { return tls_ != nullptr ? tls_->reason() : std::string(); }

  private:
    bool TakesBytes() const;
    IoResult WriteOnce(std::string_view first, std::string_view second);

    int descriptor_;
    std::unique_ptr<TlsStream> tls_;
    std::size_t send_buffer_;
    std::size_t unchecked_ = 0;  ///< bytes written since the kernel last said that it takes some
};

}  // namespace holdfast::gateway::http
