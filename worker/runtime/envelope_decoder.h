#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/core/messages.h"
#include "worker/runtime/request_block.h"

namespace holdfast::worker {

/// Why an envelope was not taken. Each ends the connection that it came from.
enum class Malformed : std::uint8_t {
    kNone,
    kFrames,         ///< not one frame, or an empty one
    kWire,           ///< not the protobuf wire format
    kTooManyItems,   ///< more requests and cancels than one envelope may carry
    kTooManyFields,  ///< more parameters, headers and attributes
    kBadWelcome,     ///< no session, lease or sizes
    kBadRequest,     ///< no id or attempt
    kOutOfOrder,     ///< a request's sequence or id was seen before
    kCount,
};
std::string_view Name(Malformed reason);

/// Above all that a gateway may send: 1024 requests and as many cancels in an envelope; 1000
/// headers in a request, beside parameters and attributes; 1 MiB of payload, of which a field takes
/// at least a byte.
struct DecoderLimits {
    static constexpr std::size_t kItems = 16384;       ///< requests and cancels in one envelope
    static constexpr std::size_t kFields = 1U << 20U;  ///< in one envelope
    static constexpr std::size_t kRequestFields = 4096;
};

struct RefusedItem {
    std::uint64_t reason = 0;
    std::uint64_t protocol = 0;
    std::string detail;
};

struct CancelItem {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
};

/// What one envelope from a gateway carries. Reused: its vectors keep their memory.
struct Incoming {
    std::uint64_t session = 0;
    bool who_are_you = false;
    bool goodbye_ack = false;
    std::optional<WelcomeItem> welcome;
    std::string gateway;  ///< of the Welcome
    std::optional<RefusedItem> refused;
    std::optional<std::uint64_t> ping;
    std::optional<std::uint64_t> reply_credit;
    std::optional<std::uint64_t> describe;
    std::vector<RequestItem> requests;
    std::vector<CancelItem> cancels;

    void Clear();
};

/// Bytes from a gateway to items for Worker. Every count is checked before anything is stored, so
/// that hostile bytes cost no more memory than a small multiple of their own size. The generated
/// classes are not used here: they would build a tree of objects for each request only to be copied
/// once more.
///
/// Thread: the loop.
class EnvelopeDecoder {
  public:
    explicit EnvelopeDecoder(std::vector<std::string> services);

    /// An envelope is taken whole or not at all: anything but kNone leaves `into` empty.
    [[nodiscard]] Malformed Decode(std::string_view envelope, Incoming& into);

  private:
    Malformed DecodeItems(std::string_view envelope, Incoming& into);
    Malformed DecodeRequest(std::string_view bytes, Incoming& into);

    const std::vector<std::string> services_;
    RequestView view_;
    std::size_t items_ = 0;
    std::size_t fields_ = 0;
};

}  // namespace holdfast::worker
