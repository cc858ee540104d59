#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/core/deferred_result.h"
#include "gateway/core/inflight_budget.h"
#include "gateway/core/request.h"
#include "gateway/http/chunked_body.h"
#include "gateway/http/observer.h"
#include "gateway/http/string_memory.h"

// What a session holds only for a while.
namespace holdfast::gateway::http {

/// A body that is still arriving.
struct Upload final : ChunkedBody::Sink {
    enum class Refusal : std::uint8_t { kNone, kTooLarge, kNoRoom };

    Upload(Request r, Permit p) : request(std::move(r)), permit(std::move(p)) {}

    /// Of a chunked body: takes grants in steps and never waits for one.
    bool OnPiece(std::string_view piece) override {
        if (request.body.size() + piece.size() > request.route->body_limit) {
            refusal = Refusal::kTooLarge;
            return false;
        }
        const std::uint64_t needed = request.body.size() + piece.size();
        if (needed > granted) {
            if (!Grow(needed - granted)) {
                refusal = Refusal::kNoRoom;
                return false;
            }
            GrowExactly(request.body, granted);
        }
        request.body.append(piece);
        return true;
    }

    Request request;
    Permit permit;
    std::unique_ptr<ChunkedBody> chunks;  ///< null with a Content-Length
    std::size_t received = 0;             ///< with a Content-Length: how much of the body is there
    std::uint64_t bytes = 0;              ///< off the wire, for the minimum rate
    std::uint64_t granted = 0;
    Refusal refusal = Refusal::kNone;

  private:
    /// In proportion to what is there, so that a body is moved only so many times. Where that is
    /// refused it asks for half, and so on, down to what it needs.
    bool Grow(std::uint64_t least) {
        std::uint64_t step = std::clamp<std::uint64_t>(granted, kSmallStep, kLargeStep);
        step = std::max(step, granted / 4);
        std::uint64_t more = std::max(least, std::min(step, request.route->body_limit - granted));
        while (!permit.TryGrowUpload(more)) {
            if (more == least) return false;
            more = std::max(least, more / 2);
        }
        granted += more;
        return true;
    }

    static constexpr std::uint64_t kSmallStep = 1024;
    static constexpr std::uint64_t kLargeStep = 16384;
};

/// What the socket has not taken yet. The completion keeps the permit and the reply's charge.
struct UnsentResponse {
    std::string head;
    std::size_t sent = 0;        ///< of head and body together
    bool was_suspended = false;  ///< its request was; else it was refused, or answered here
    Completion completion;
};

struct AccessNote {
    std::string method;
    std::string target;
    std::string_view route;
    unsigned status = 0;
    Outcome outcome = Outcome::kCancelled;
    CorrelationId id;
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
};

}  // namespace holdfast::gateway::http
