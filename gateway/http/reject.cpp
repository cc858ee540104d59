#include "gateway/http/reject.h"

#include <array>

namespace holdfast::gateway::http {
namespace {

constexpr std::array<RejectInfo, kRejectCount> kTable = {{
    {400, "plain-http", "This port speaks HTTP over TLS: ask for https."},
    {400, "malformed-request-line", "The request line is not METHOD SP target SP HTTP/1.x."},
    {400, "malformed-header", "A header line is not a name, a colon and a value."},
    {400, "bare-cr", "A carriage return stands without a line feed."},
    {400, "bare-lf", "A line feed stands without a carriage return."},
    {400, "control-byte", "The head contains a control byte."},
    {400, "obs-fold", "A header line is folded."},
    {400, "space-in-header-name", "White space stands before a header's colon."},
    {400, "host-missing", "HTTP/1.1 requires a Host header."},
    {400, "host-repeated", "There is more than one Host header."},
    {400, "host-invalid", "The Host header is not a host and an optional port."},
    {400, "host-mismatch", "The Host header and the target name different hosts."},
    {400, "content-length-invalid", "Content-Length is not one decimal number."},
    {400, "content-length-repeated", "There is more than one Content-Length header."},
    {400, "content-length-with-transfer-encoding",
     "Content-Length and Transfer-Encoding exclude each other."},
    {411, "length-required", "An HTTP/1.0 request with a body needs a Content-Length."},
    {400, "transfer-encoding-in-http-1-0", "HTTP/1.0 has no Transfer-Encoding."},
    {400, "transfer-encoding-invalid", "Transfer-Encoding must be chunked, once, and last."},
    {501, "transfer-encoding-unknown", "The only transfer coding understood is chunked."},
    {400, "connection-invalid", "The Connection header is not a list of a few tokens."},
    {400, "chunk-invalid", "The chunked body is malformed."},
    {505, "version-not-supported", "Only HTTP/1.1 and HTTP/1.0 are understood."},
    {414, "request-line-too-long", "The request line is longer than the limit."},
    {431, "headers-too-large", "The headers are larger than the limit."},
    {431, "too-many-headers", "There are more headers than the limit."},
    {501, "method-unknown", "The method is not known here."},
    {400, "target-invalid", "The request target is not valid."},
    {400, "target-encoding-invalid", "The request target has an invalid percent-encoding."},
    {400, "target-above-root", "The request target leads above the root."},
    {404, "not-found", "No route matches the path."},
    {405, "method-not-allowed", "The route does not take this method."},
    {415, "media-type", "The route does not take this Content-Type."},
    {417, "expectation", "The only expectation understood is 100-continue."},
    {413, "body-too-large", "The body is larger than the route's limit."},
    {400, "request-timeout-invalid", "Request-Timeout-Ms is not a positive number."},
    {400, "idempotency-key-invalid", "Idempotency-Key is not 1 to 255 visible ASCII characters."},
    {400, "added-value-too-large", "A value that is passed on takes more than 1 KiB as JSON."},
    {408, "head-timeout", "The head did not arrive in time."},
    {408, "body-timeout", "The body did not arrive in time."},
}};
static_assert(kTable.back().status != 0, "every reject has a line");

}  // namespace

const RejectInfo& Describe(Reject reject) {
    return kTable[static_cast<std::size_t>(reject)];
}

}  // namespace holdfast::gateway::http
