// Whatever a gateway sends: the worker's decoder takes it whole or not at all, within its limits,
// and agrees with the generated classes on what it took.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <google/protobuf/stubs/logging.h>

#include "proto/envelope.pb.h"
#include "worker/runtime/envelope_decoder.h"

namespace {

using holdfast::worker::DecoderLimits;
using holdfast::worker::EnvelopeDecoder;
using holdfast::worker::Incoming;
using holdfast::worker::Malformed;
using holdfast::worker::RequestBlock;

void Require(bool holds) {
    if (!holds) std::abort();
}

std::string_view View(holdfast_span span) {
    return {span.data, span.size};
}

void CheckRequest(const holdfast::worker::RequestItem& item, const holdfast::wire::Request& wire) {
    Require(item.id == wire.id() && item.sequence == wire.sequence());
    const holdfast_request_v1& request = static_cast<const RequestBlock&>(*item.payload).request();
    Require(request.correlation_id == wire.id());
    Require(View(request.service) == wire.service() && View(request.target) == wire.target());
    Require(View(request.body) == wire.body());
    Require(request.headers.count == static_cast<std::size_t>(wire.headers_size()));
    for (int i = 0; i < wire.headers_size(); ++i) {
        Require(View(request.headers.items[i].name) == wire.headers(i).name());
        Require(View(request.headers.items[i].value) == wire.headers(i).value());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const google::protobuf::LogSilencer no_lines_about_utf8;
    static EnvelopeDecoder decoder({"orders"});
    static Incoming incoming;

    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (decoder.Decode(bytes, incoming) != Malformed::kNone) {
        Require(incoming.requests.empty() && incoming.cancels.empty() && !incoming.welcome);
        return 0;
    }
    Require(incoming.requests.size() + incoming.cancels.size() <= DecoderLimits::kItems);
    for (const auto& item : incoming.requests) Require(item.payload_bytes <= size);
    holdfast::wire::Envelope envelope;
    if (!envelope.ParseFromArray(data, static_cast<int>(size))) return 0;  // not UTF-8
    Require(envelope.session() == incoming.session);
    Require(envelope.has_welcome() == incoming.welcome.has_value());
    Require(envelope.has_ping() == incoming.ping.has_value());
    Require(envelope.has_who_are_you() == incoming.who_are_you);
    Require(static_cast<std::size_t>(envelope.requests_size()) == incoming.requests.size());
    Require(static_cast<std::size_t>(envelope.cancels_size()) == incoming.cancels.size());
    for (int i = 0; i < envelope.requests_size(); ++i) {
        CheckRequest(incoming.requests[static_cast<std::size_t>(i)], envelope.requests(i));
    }
    for (int i = 0; i < envelope.cancels_size(); ++i) {
        Require(incoming.cancels[static_cast<std::size_t>(i)].id == envelope.cancels(i).id());
    }
    return 0;
}
