// Everything that a client's bytes pass through before they are a request: the head's scan, Beast's
// parser behind it, framing, target, and the chunked body. Each input is read twice, whole and in
// two pieces, and must mean the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/http/chunked_body.h"
#include "gateway/http/framing.h"
#include "gateway/http/head_parser.h"
#include "gateway/http/head_scanner.h"
#include "gateway/http/json_members.h"
#include "gateway/http/path.h"

namespace {

using namespace holdfast::gateway::http;
using Status = HeadScanner::Result::Status;

constexpr HeadScanner::Limits kLimits{
    .request_line = 256, .header_bytes = 1024, .header_count = 20};
constexpr std::size_t kBodyLimit = 4096;

void Require(bool condition) {
    if (!condition) std::abort();
}

struct Collect final : ChunkedBody::Sink {
    bool OnPiece(std::string_view piece) override {
        body += piece;
        return body.size() <= kBodyLimit;
    }
    std::string body;
};

struct Decoded {
    ChunkedBody::Status status = ChunkedBody::Status::kMore;
    std::size_t used = 0;
    std::string body;
};

void FeedAll(ChunkedBody& chunks, std::string_view data, Decoded& into, Collect& sink) {
    for (;;) {
        const ChunkedBody::Result result = chunks.Feed(data.substr(into.used), sink);
        into.used += result.consumed;
        into.status = result.status;
        if (result.status != ChunkedBody::Status::kMore || result.consumed == 0) return;
    }
}

Decoded Decode(std::string_view data, std::size_t split) {
    ChunkedBody chunks;
    Collect sink;
    Decoded decoded;
    if (split > 0) FeedAll(chunks, data.substr(0, split), decoded, sink);
    if (decoded.status == ChunkedBody::Status::kMore) FeedAll(chunks, data, decoded, sink);
    decoded.body = std::move(sink.body);
    return decoded;
}

void CheckBody(std::string_view data, std::size_t split) {
    const Decoded whole = Decode(data, 0);
    const Decoded pieces = Decode(data, split);
    // A fault may be found only when more has come, but never a body where there was none.
    const bool done = whole.status == ChunkedBody::Status::kDone;
    Require(done == (pieces.status == ChunkedBody::Status::kDone));
    if (done) Require(whole.body == pieces.body && whole.used == pieces.used);
}

void CheckTarget(const RequestHead& head, const Framing& framing) {
    Target target;
    if (ParseTarget(head.method, head.target, framing.host, target)) return;
    if (target.form == Target::Form::kAsterisk) return;
    std::string path;
    if (NormalisePath(target.path, path)) return;
    Require(path.starts_with('/'));
    Require(path.find("/../") == std::string::npos && !path.ends_with("/.."));
    std::string again;
    Require(!NormalisePath(path, again) && again == path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view data(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const std::size_t split = std::min<std::size_t>(bytes[0], data.size());

    HeadScanner scanner;
    const auto whole = scanner.Scan(data, kLimits);
    HeadScanner again;
    auto pieces = again.Scan(data.substr(0, split), kLimits);
    if (pieces.status == Status::kIncomplete) pieces = again.Scan(data, kLimits);
    Require(whole.status == pieces.status);
    if (whole.status == Status::kComplete) {
        Require(whole.begin == pieces.begin && whole.end == pieces.end);
        RequestHead head;
        const std::string_view text = data.substr(whole.begin, whole.end - whole.begin);
        Framing framing;
        if (!ParseHead(text, head) && !CheckFraming(head, framing)) {
            Require(!framing.chunked || framing.length == 0);
            CheckTarget(head, framing);
            if (framing.chunked) CheckBody(data.substr(whole.end), split);
        }
    }
    CheckBody(data, split);
    std::size_t members = 0;
    ForEachMember(data, [&](const JsonMember& member) {
        ++members;
        Require(!member.value.empty() && member.value.data() >= data.data());
    });
    return 0;
}
