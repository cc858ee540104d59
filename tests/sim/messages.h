#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/core/peer.h"
#include "worker/core/messages.h"

namespace holdfast::sim {

/// The number of no request: what a lie answers.
inline constexpr std::uint64_t kNobodys = ~std::uint64_t{0};

/// An envelope from a gateway, as the codec would carry it.
struct ToWorker {
    struct Request {
        std::uint64_t id = 0;
        std::uint32_t attempt = 0;
        std::uint64_t sequence = 0;
        std::uint32_t timeout_ms = 0;
        std::uint64_t payload_bytes = 0;
        std::uint64_t number = 0;  ///< the ledger's
        std::uint32_t service = 0;
    };
    std::uint64_t session = 0;
    bool who_are_you = false;
    bool refused = false;
    bool goodbye_ack = false;
    std::optional<worker::WelcomeItem> welcome;
    std::uint64_t ping = 0;
    std::uint64_t reply_credit = 0;
    std::vector<Request> requests;
    std::vector<gateway::OutgoingCancel> cancels;
};

/// An envelope from a worker.
struct ToGateway {
    struct Reply {
        std::uint64_t id = 0;
        std::uint32_t attempt = 0;
        worker::ReplyKind kind = worker::ReplyKind::kAnswered;
        std::uint64_t payload_bytes = 0;
        std::uint64_t number = kNobodys;  ///< of the request that it answers
    };
    std::uint64_t session = 0;
    bool probe = false;
    bool malformed = false;
    std::optional<gateway::HelloItem> hello;
    bool goodbye = false;
    std::optional<worker::PongItem> pong;
    std::optional<worker::RequestCreditItem> credit;
    std::vector<Reply> replies;
    std::vector<worker::ReturnItem> returns;
};

}  // namespace holdfast::sim
