#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/core/counters.h"
#include "gateway/core/inquiry.h"
#include "gateway/core/peer.h"

// The bytes between the gateway and a worker: one ZeroMQ message is one Envelope of
// proto/envelope.proto. As the ROUTER sees it:
//
//     frame 0  | the peer's routing id, 1..255 bytes |
//     frame 1  | Envelope                            |   empty: the probe of a new connection
//
//     Envelope | 09 session u64 |                          field 1, fixed64, little endian
//              | 3A size | Request |  3A size | Request |  field 7, gateway -> worker
//              | 9A 01 size | Reply |  ...                 field 19, worker -> gateway
//
//     Request  | 09 id u64 | 10 attempt | 18 sequence | 20 timeout_ms | 2A size service | 32 size
//     route |
//              | 3A size method | 42 size target | 4A size Field | 52 size Field | 5A size Field |
//              | 62 size idempotency_key | 6A size body |
//     Reply    | 09 id u64 | 10 attempt | 18 kind | 20 status | 2A size Field | 32 size body |
//              | 3A size detail |
//     Field    | 0A size name | 12 size value |
//
// Sizes, attempts and the like are varints. The generated classes are not used here: they build a
// tree of objects for each request only to be copied into bytes, and an envelope of empty items
// makes them allocate fifty times its size. The field numbers do come from them.
namespace holdfast::gateway {

struct CodecLimits {
    static constexpr std::size_t kInstanceBytes = 128;
    static constexpr std::size_t kServices = 64;
    static constexpr std::size_t kServiceNameBytes = 128;
    static constexpr std::size_t kDescriptionBytes =
        128;                                           ///< version, host, plugin: cut, not refused
    static constexpr std::size_t kDetailBytes = 1024;  ///< likewise
    static constexpr std::size_t kDescription = 8U << 10U;  ///< bytes of a Description
    static constexpr std::size_t kCounters = 64;            ///< of a Description
    static constexpr std::size_t kSettings = 32;            ///< likewise
    static constexpr std::size_t kItems = 4096;             ///< in one envelope
    static constexpr std::size_t kReplyHeaders = 128;

    std::uint64_t max_message_bytes = 2U << 20U;
    std::uint64_t max_reply_header_bytes = 16U << 10U;  ///< names and values of one reply
};

/// What one envelope from a worker carries. Reused: its vectors keep their memory.
struct Incoming {
    std::uint64_t session = 0;
    std::optional<HelloItem> hello;
    std::optional<PongItem> pong;
    std::optional<RequestCreditItem> request_credit;
    std::optional<DescriptionItem> description;
    std::vector<ReplyItem> replies;
    std::vector<ReturnItem> returns;
    bool goodbye = false;
    /// Replies whose headers passed a limit: each is in `replies`, emptied, as a failure of its
    /// plugin.
    std::size_t replies_over_limit = 0;

    void Clear();
    /// Nothing that anybody asked for: a probe.
    bool empty() const {
        return !hello && !pong && !request_credit && !description && replies.empty() &&
               returns.empty() && !goodbye;
    }
};

/// Bytes from a worker to items for the Dispatcher. Every count and size is checked before anything
/// is stored, so that hostile bytes cost no more memory than their own size and kItems small
/// records.
///
/// Thread: the bus thread. Nothing blocks.
class EnvelopeDecoder {
  public:
    explicit EnvelopeDecoder(const CodecLimits& limits) : limits_(limits) {}

    /// Nothing when all of `envelope` was understood, else the reason; then `into` is empty: an
    /// envelope is taken whole or not at all. Unknown fields are skipped, as protobuf does. Text
    /// for people is cut to its limit and made printable, so that it can go into any log.
    [[nodiscard]] std::optional<Counter> Decode(std::string_view envelope, Incoming& into);

  private:
    std::optional<Counter> DecodeItems(std::string_view envelope, Incoming& into);
    std::optional<Counter> DecodeReply(std::string_view bytes, Incoming& into);

    const CodecLimits limits_;
    std::vector<Field> headers_;  ///< of the reply that is being decoded
};

/// What the Dispatcher sends, to bytes: measured first, then written once into the message's
/// memory.
///
/// Thread: the bus thread. Nothing blocks.
class EnvelopeEncoder {
  public:
    /// `gateway` names this process in every Welcome.
    explicit EnvelopeEncoder(std::string gateway) : gateway_(std::move(gateway)) {}

    /// The size of `outgoing`'s envelope.
    std::size_t Measure(const Outgoing& outgoing);

    /// Writes the envelope that was measured last. `to` has room for that many bytes.
    void Write(const Outgoing& outgoing, char* to) const;

  private:
    const std::string gateway_;
    std::size_t size_ = 0;
    std::vector<std::size_t> request_sizes_;  ///< by Measure for Write
};

}  // namespace holdfast::gateway
