#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::gateway::http {

struct IoResult {
    enum class Status : std::uint8_t { kOk, kWouldBlock, kEnd, kError };
    Status status = Status::kOk;
    std::size_t bytes = 0;
};

/// A connection's byte stream, never blocking. The one place that an encrypted stream would
/// replace. Owns its descriptor. Not thread-safe.
class Socket {
  public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&&) = delete;
    ~Socket() { Close(); }

    IoResult Read(char* into, std::size_t size);
    /// Both parts, one after the other, in one system call; perhaps not all of them.
    IoResult Write(std::string_view first, std::string_view second = {});

    /// No more will be written; the peer reads the end.
    void ShutdownSend();
    void Close();
    /// Closes with a reset, so that the kernel keeps none of what was not sent.
    void Abort();

    int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

}  // namespace holdfast::gateway::http
