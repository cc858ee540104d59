#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::load {

/// What the parent and a generator process tell each other over a socket pair.
struct Frame {
    enum class Type : char {
        // To the generator.
        kRound = 'R',  ///< a Round to run
        kStop = 'S',   ///< end the round early
        // From the generator.
        kUp = 'U',        ///< it has seen that the target is there
        kRefused = 'E',   ///< it cannot run: one character for the kind of error, then the line
        kInterval = 'I',  ///< Interval::Serialize
        kDone = 'D',      ///< the round is over: RoundEnd
    };
    Type type = Type::kStop;
    std::string payload;
};

/// On the socket, a frame is its length (four bytes, little-endian, of what follows), one byte of
/// type, the payload.
inline constexpr std::size_t kMaxFrame = 64 * 1024 * 1024;

/// Writes it whole; false when the other side has gone. Blocks while the socket is full.
bool WriteFrame(int socket, Frame::Type type, std::string_view payload);

/// Takes frames out of bytes as they come.
class FrameReader {
  public:
    /// Reads once. False at the end, at an error, or when what came is no frame.
    bool ReadFrom(int socket);
    std::optional<Frame> Next();

  private:
    std::string bytes_;
    bool broken_ = false;
};

}  // namespace holdfast::load
