// Whatever a worker sends: the decoder takes it whole or not at all, within its limits, and agrees
// with the generated classes on what it took.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <google/protobuf/stubs/logging.h>

#include "gateway/bus/codec.h"
#include "proto/envelope.pb.h"

namespace {

using holdfast::gateway::CodecLimits;
using holdfast::gateway::EnvelopeDecoder;
using holdfast::gateway::Incoming;

void Require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer no_lines_about_utf8;
    static constexpr CodecLimits kLimits{64U << 10U, 1024};
    static EnvelopeDecoder decoder(kLimits);
    static Incoming incoming;

    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (decoder.Decode(bytes, incoming)) {
        Require(incoming.empty() && incoming.session == 0);
        return 0;
    }
    Require(incoming.replies.size() + incoming.returns.size() <= CodecLimits::kItems);
    for (const auto& item : incoming.replies) {
        Require(item.payload_bytes <= size);
        Require(item.reply.detail.size() <= CodecLimits::kDetailBytes);
    }
    if (incoming.description) {
        Require(incoming.description->counters.size() <= CodecLimits::kCounters);
        Require(incoming.description->settings.size() <= CodecLimits::kSettings);
    }
    holdfast::wire::Envelope envelope;
    if (!envelope.ParseFromArray(data, static_cast<int>(size))) return 0;  // not UTF-8
    Require(envelope.session() == incoming.session);
    Require(static_cast<std::size_t>(envelope.replies_size()) == incoming.replies.size());
    Require(static_cast<std::size_t>(envelope.returns_size()) == incoming.returns.size());
    for (int i = 0; i < envelope.replies_size(); ++i) {
        const auto& item = incoming.replies[static_cast<std::size_t>(i)];
        Require(item.id.value() == envelope.replies(i).id());
        Require(item.attempt == envelope.replies(i).attempt());
    }
    return 0;
}
