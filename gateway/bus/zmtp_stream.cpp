#include "gateway/bus/zmtp_stream.h"

#include <algorithm>
#include <cstring>

namespace holdfast::gateway {
namespace {

constexpr unsigned kMore = 1;
constexpr unsigned kLong = 2;
constexpr unsigned kCommand = 4;

constexpr std::size_t kSignatureEnd = 9;
constexpr std::size_t kVersion = 10;
constexpr unsigned kLeastVersion = 3;

}  // namespace

ZmtpStream::Result ZmtpStream::Filter(std::span<unsigned char> bytes) {
    Result result;
    std::size_t at = 0;
    const auto take = [&](std::size_t count) {
        if (!cut_out_) {
            if (result.kept != at) {
                std::memmove(&bytes[result.kept], &bytes[at], count);
            }
            result.kept += count;
        }
        at += count;
    };
    while (at < bytes.size() && result.verdict == Verdict::kGood) {
        const unsigned char byte = bytes[at];
        switch (step_) {
            case Step::kGreeting:
                if (!Greets(byte)) result.verdict = Verdict::kHandshake;
                take(1);
                if (++position_ == kGreetingBytes) step_ = Step::kFlags;
                break;
            case Step::kFlags:
                result.verdict = BeginFrame(byte);
                if (cut_out_) ++result.ignored;
                take(1);
                break;
            case Step::kLength:
                left_ = left_ << 8U | byte;
                take(1);
                if (--position_ == 0) result.verdict = BeginBody();
                break;
            case Step::kBody: {
                const std::size_t count = std::min<std::uint64_t>(left_, bytes.size() - at);
                take(count);
                left_ -= count;
                if (left_ == 0) EndFrame();
                break;
            }
        }
    }
    return result;
}

/// Whether the greeting may have this byte where it is. libzmq would speak ZMTP 1 and 2 as well,
/// whose frames are others.
bool ZmtpStream::Greets(unsigned char byte) const {
    switch (position_) {
        case 0:
            return byte == 0xFF;
        case kSignatureEnd:
            return (byte & 1U) != 0;
        case kVersion:
            return byte >= kLeastVersion;
        default:
            return true;
    }
}

ZmtpStream::Verdict ZmtpStream::BeginFrame(unsigned char flags) {
    if ((flags & kMore) != 0) return Verdict::kMoreFrames;
    cut_out_ = handshaken_ && (flags & kCommand) != 0;
    position_ = (flags & kLong) != 0 ? 8 : 1;
    left_ = 0;
    step_ = Step::kLength;
    return Verdict::kGood;
}

ZmtpStream::Verdict ZmtpStream::BeginBody() {
    if (!handshaken_ && left_ > kMaxHandshakeFrame) return Verdict::kHandshake;
    step_ = Step::kBody;
    if (left_ == 0) EndFrame();
    return Verdict::kGood;
}

/// The first frame is the whole of the handshake with NULL: libzmq takes READY there, or ends the
/// connection.
void ZmtpStream::EndFrame() {
    handshaken_ = true;
    cut_out_ = false;
    step_ = Step::kFlags;
}

}  // namespace holdfast::gateway
