#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/engine/target.h"
#include "load/engine/tls.h"

namespace holdfast::load {

/// The bytes of one connection to the target, plain or through TLS, never blocking. Owns its
/// descriptor. Thread: the engine's.
class Stream {
  public:
    enum class Status : std::uint8_t {
        kOk,
        kWouldBlock,
        kEnd,    ///< the peer has finished
        kError,  ///< reset, or TLS broke
    };
    struct Result {
        Status status = Status::kOk;
        std::size_t bytes = 0;
    };

    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { Close(); }

    /// Begins to connect; `tls` is null for a plain connection, else outlives this. False: `why`.
    bool Connect(const Address& address, const TlsContext* tls, std::string& why);
    /// After each event until it is connected and TLS agreed: kOk, kWouldBlock, or kError with
    /// `why`.
    Status Continue(std::string& why);

    Result Read(char* into, std::size_t size);
    Result Write(std::string_view bytes);
    /// Less than was asked for means that there is no more for now: the next bytes are a new edge.
    bool ShortReadIsAll() const { return session_ == nullptr; }

    /// Makes the kernel's receive buffer that small, for a slow reader.
    void ShrinkReceiveBuffer(std::size_t bytes);
    void Close();

    bool IsOpen() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

  private:
    Result TlsResult(int returned, std::size_t bytes);

    int descriptor_ = -1;
    bool connected_ = false;
    const TlsContext* tls_ = nullptr;
    TlsSession session_;
};

}  // namespace holdfast::load
