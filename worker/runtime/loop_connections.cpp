// The loop's connections: how they begin, begin anew, and what is said of them.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "worker/runtime/loop.h"

namespace holdfast::worker {
namespace {

constexpr Duration kReopenAfter = std::chrono::seconds(1);

}  // namespace

void Loop::Connect(const std::string& endpoint, TimePoint now) {
    Connection connection;
    connection.link = worker_.AddLink(now);
    connection.endpoint = endpoint;
    OpenSocket(connection, now);
    spdlog::info("connecting to gateway {}", endpoint);
    connections_.emplace(connection.link.value, std::move(connection));
}

void Loop::OpenSocket(Connection& connection, TimePoint now) {
    connection.socket =
        std::make_unique<GatewaySocket>(context_, connection.endpoint, curve_.get());
    connection.heard = now;
}

void Loop::ApplyResolved(const std::vector<std::string>& endpoints, TimePoint now) {
    const auto resolved = [&](const std::string& endpoint) {
        return std::binary_search(endpoints.begin(), endpoints.end(), endpoint);
    };
    for (auto& [link, connection] : connections_) {
        connection.wanted = resolved(connection.endpoint) ||
                            std::binary_search(fixed_.begin(), fixed_.end(), connection.endpoint);
    }
    for (const std::string& endpoint : endpoints) {
        const bool known =
            std::any_of(connections_.begin(), connections_.end(),
                        [&](const auto& entry) { return entry.second.endpoint == endpoint; });
        if (!known) Connect(endpoint, now);
    }
}

void Loop::SetCurveKeys(std::shared_ptr<const CurveKeys> keys) {
    {
        const std::lock_guard lock(new_keys_mutex_);
        new_keys_ = std::move(keys);
    }
    wakeup_->Wake();
}

/// A socket that is not in a session begins anew with them; others do when they have to.
void Loop::TakeNewKeys(TimePoint now) {
    std::shared_ptr<const CurveKeys> keys;
    {
        const std::lock_guard lock(new_keys_mutex_);
        keys.swap(new_keys_);
    }
    if (keys == nullptr) return;
    curve_ = std::move(keys);
    for (auto& [link, connection] : connections_) {
        if (worker_.InSession(connection.link)) continue;
        worker_.OnLinkReset(connection.link);
        connection.refusal.clear();
        OpenSocket(connection, now);
    }
}

/// libzmq never connects again after that, so the socket is made anew; one line until the gateway's
/// answer is another one.
void Loop::OnNoHandshake(Connection& connection, TimePoint now) {
    connection.socket.reset();
    connection.reopen_at = now + kReopenAfter;
    const std::string reason =
        curve_ ? "it does not know this worker's key, has another key than --curve-gateway-key "
                 "says, or its leg is plain"
               : "its leg is encrypted, and this worker has no --curve-key";
    if (connection.refusal == reason) return;
    connection.refusal = reason;
    spdlog::error("gateway {} refused the handshake: {}", connection.endpoint, reason);
}

void Loop::NoteRefusal(Connection& connection, const RefusedItem& refused) {
    static constexpr std::array<const char*, 4> kReasons = {"no reason given", "protocol version",
                                                            "too many workers", "bad hello"};
    const char* const reason =
        refused.reason < kReasons.size() ? kReasons.at(refused.reason) : "unknown reason";
    const std::string text = fmt::format(
        "gateway {} refuses this worker: {} ({}); it speaks protocol {}, this worker {}",
        connection.endpoint, reason, refused.detail, refused.protocol, kProtocolVersion);
    if (std::exchange(connection.refusal, text) == text) return;
    spdlog::error("{}; trying again every {} s", text,
                  std::chrono::duration_cast<std::chrono::seconds>(rules_.refused_retry).count());
}

void Loop::Break(Connection& connection, Malformed reason, TimePoint now) {
    const std::uint64_t count = ++malformed_.at(static_cast<std::size_t>(reason));
    spdlog::error("gateway {} sent a malformed envelope ({}, {} so far): connecting anew",
                  connection.endpoint, Name(reason), count);
    worker_.OnLinkReset(connection.link);
    connection.socket.reset();
    connection.reopen_at = now + kReopenAfter;
}

void Loop::NoteSession(Connection& connection) {
    const bool in_session = worker_.InSession(connection.link);
    if (in_session == std::exchange(connection.was_in_session, in_session)) return;
    if (in_session) {
        spdlog::info("gateway {} ({}) welcomes this worker", connection.endpoint,
                     connection.gateway);
        if (on_welcomed_) std::exchange(on_welcomed_, nullptr)();
    } else {
        spdlog::warn("the session with gateway {} ({}) is over: its requests are cancelled",
                     connection.endpoint, connection.gateway);
    }
}

}  // namespace holdfast::worker
