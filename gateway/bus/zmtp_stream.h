#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::gateway {

/// What a peer of the plain bus says, byte by byte as it comes and before libzmq sees it: ZMTP 3
/// (https://rfc.zeromq.org/spec/23/) with the mechanism NULL.
///
///     greeting  | FF | 8 bytes | 7F | version, >= 3 | 53 bytes |
///     frame     | flags: 1 more, 2 long, 4 command | length: 1 byte, if long 8 | body |
///
/// libzmq 4.3.4 keeps all frames of a message that is not over, whatever its limits say; and a
/// heartbeat (a command) can end its process (issue 4364). So a message has one frame here, and
/// commands that come after the handshake are cut out.
///
/// Thread: one. Copies are cheap. Allocates nothing.
class ZmtpStream {
  public:
    /// READY has a socket type and at most an identity of 255 bytes. libzmq keeps what it says, and
    /// twice, for as long as the connection lives.
    static constexpr std::uint64_t kMaxHandshakeFrame = 1024;

    enum class Verdict : std::uint8_t {
        kGood,
        kHandshake,  ///< no peer of ours begins like this
        kMoreFrames  ///< a message that does not end with its first frame
    };
    struct Result {
        Verdict verdict = Verdict::kGood;
        std::size_t kept = 0;     ///< of what was read, moved to its front
        std::size_t ignored = 0;  ///< commands that began in it and were cut out
    };

    /// Looks at the bytes that were read next, and moves together what libzmq may see. After any
    /// verdict but kGood the connection must end: nothing of it may be looked at any more.
    Result Filter(std::span<unsigned char> bytes);

  private:
    enum class Step : std::uint8_t { kGreeting, kFlags, kLength, kBody };
    static constexpr std::size_t kGreetingBytes = 64;

    bool Greets(unsigned char byte) const;
    Verdict BeginFrame(unsigned char flags);
    Verdict BeginBody();
    void EndFrame();

    Step step_ = Step::kGreeting;
    bool handshaken_ = false;
    bool cut_out_ = false;       ///< the frame
    std::uint8_t position_ = 0;  ///< in the greeting; then bytes of the length that are missing
    std::uint64_t left_ = 0;     ///< the length as far as it is known; then bytes of the body
};

}  // namespace holdfast::gateway
