#include "worker/runtime/loop.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace holdfast::worker {
namespace {

constexpr int kMessagesPerTurn = 64;
constexpr Duration kTouchInterval = std::chrono::seconds(1);
constexpr int kLingerMs = 1000;

std::vector<Address> Names(const std::vector<Address>& addresses) {
    std::vector<Address> names;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(names),
                 [](const Address& address) { return !address.numeric; });
    return names;
}

}  // namespace

Loop::Loop(LoopOptions options, PluginHost& host, HandlerPool& pool, FinishedInbox& finished,
           std::shared_ptr<Wakeup> wakeup)
    : rules_(options.rules),
      curve_(std::move(options.curve)),
      host_(host),
      pool_(pool),
      finished_(finished),
      wakeup_(std::move(wakeup)),
      worker_(rules_, *this),
      decoder_(options.hello.services),
      encoder_(options.hello),
      health_(options.health_file),
      on_welcomed_(options.on_welcomed),
      resolver_(Names(options.gateways), wakeup_) {
    const TimePoint now = Clock::now();
    for (const Address& address : options.gateways) {
        if (address.numeric) fixed_.push_back(address.Endpoint());
    }
    std::sort(fixed_.begin(), fixed_.end());
    fixed_.erase(std::unique(fixed_.begin(), fixed_.end()), fixed_.end());
    for (const std::string& endpoint : fixed_) Connect(endpoint, now);
}

Loop::~Loop() = default;

void Loop::RequestDrain() {
    // The loop may end, and with it this object, as soon as it sees the request.
    const std::shared_ptr<Wakeup> wakeup = wakeup_;
    drain_requested_.store(true, std::memory_order_release);
    wakeup->Wake();
}

DrainState Loop::Run() {
    for (;;) {
        // Once, before anything is read: after a stop of the process it is too early, never too
        // late.
        const TimePoint now = Clock::now();
        worker_.BeginTurn(now);
        wakeup_->Clear();
        if (drain_requested_.load(std::memory_order_acquire)) worker_.BeginDrain(now);
        TakeNewKeys(now);
        if (auto endpoints = resolver_.TakeChange()) ApplyResolved(*endpoints, now);
        for (auto& [link, connection] : connections_) Receive(connection, now);
        TakeFinished();
        if (now >= worker_.NextTick()) Tick(now);
        for (auto& [link, connection] : connections_) connection.blocked = false;
        worker_.Flush(*this, now);
        for (auto& [link, connection] : connections_) NoteSession(connection);

        const DrainState state = worker_.drain_state();
        if (state == DrainState::kDrained || state == DrainState::kTimedOut) {
            if (state == DrainState::kTimedOut) worker_.Abandon();
            spdlog::info("counted since the start: {}", Text(worker_.counters()));
            for (auto& [link, connection] : connections_) {
                if (connection.socket) connection.socket->LingerAtClose(kLingerMs);
            }
            return state;
        }
        Sleep();
    }
}

/// Only a connection that could not take its own envelope is waited for to take more: one that is
/// not there must not keep the loop awake beside one that is idle.
void Loop::Sleep() {
    std::vector<pollfd> descriptors{{.fd = wakeup_->fd(), .events = POLLIN, .revents = 0}};
    for (const auto& [link, connection] : connections_) {
        if (!connection.socket) continue;
        const short events = connection.socket->Events();
        if ((events & ZMQ_POLLIN) != 0 || (connection.blocked && (events & ZMQ_POLLOUT) != 0))
            return;
        descriptors.push_back({.fd = connection.socket->fd(), .events = POLLIN, .revents = 0});
    }
    const Duration left = worker_.NextTick() - Clock::now();
    const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (timeout <= 0) return;
    ::poll(descriptors.data(), descriptors.size(), static_cast<int>(timeout));
}

void Loop::Receive(Connection& connection, TimePoint now) {
    for (int i = 0; i < kMessagesPerTurn && connection.socket; ++i) {
        const auto received = connection.socket->Receive(message_);
        if (received == GatewaySocket::Received::kNothing) return;
        connection.heard = now;
        Malformed reason = Malformed::kFrames;
        if (received == GatewaySocket::Received::kEnvelope) {
            reason = decoder_.Decode(message_.to_string_view(), incoming_);
            if (reason == Malformed::kNone) reason = Apply(connection, now);
        }
        if (reason != Malformed::kNone) Break(connection, reason, now);
    }
}

Malformed Loop::Apply(Connection& connection, TimePoint now) {
    const LinkId link = connection.link;
    const std::uint64_t session = incoming_.session;
    if (incoming_.who_are_you) worker_.OnWhoAreYou(link, now);
    if (incoming_.refused) {
        NoteRefusal(connection, *incoming_.refused);
        worker_.OnRefused(link, now);
    }
    if (incoming_.welcome) {
        connection.gateway = incoming_.gateway;
        connection.refusal.clear();
        connection.silence = std::max<Duration>(kSilence, 2 * incoming_.welcome->lease);
        worker_.OnWelcome(link, session, *incoming_.welcome, now);
    }
    if (incoming_.ping) worker_.OnPing(link, session, *incoming_.ping, now);
    if (incoming_.reply_credit) worker_.OnReplyCredit(link, session, *incoming_.reply_credit);
    for (RequestItem& request : incoming_.requests) {
        if (!worker_.OnRequest(link, session, std::move(request), now))
            return Malformed::kOutOfOrder;
    }
    for (const CancelItem& cancel : incoming_.cancels) {
        worker_.OnCancel(link, session, cancel.id, cancel.attempt);
    }
    if (incoming_.describe) worker_.OnDescribe(link, session, *incoming_.describe);
    // Last: what came with the Ack was sent before it.
    if (incoming_.goodbye_ack) worker_.OnGoodbyeAck(link, session);
    return Malformed::kNone;
}

void Loop::TakeFinished() {
    finished_.TakeAll(taken_);
    for (Finished& finished : taken_) {
        if (finished.verdict == StartVerdict::kStart) {
            worker_.OnFinished(*finished.record, std::move(finished.reply));
        } else {
            worker_.OnNotStarted(*finished.record, finished.verdict);
        }
    }
    taken_.clear();
}

void Loop::Tick(TimePoint now) {
    for (auto& [link, connection] : connections_) {
        if (!connection.socket && now >= connection.reopen_at) {
            OpenSocket(connection, now);
        } else if (connection.socket) {
            const GatewaySocket::Changes changes = connection.socket->TakeChanges();
            if (changes.disconnected) worker_.OnConnectionLost(connection.link, now);
            if (changes.refused) {
                OnNoHandshake(connection, now);
            } else if (now - connection.heard > connection.silence) {
                // It may be open and yet dead: half of it is gone, or a damaged length of a frame
                // makes one side wait for bytes that never come.
                worker_.OnLinkReset(connection.link);
                OpenSocket(connection, now);
            }
        }
    }
    // An address that is no longer resolved goes once nothing is spoken there any more.
    std::erase_if(connections_, [this](const auto& entry) {
        const Connection& connection = entry.second;
        if (connection.wanted || worker_.InSession(connection.link)) return false;
        spdlog::info("gateway {} is no longer resolved: closing", connection.endpoint);
        worker_.RemoveLink(connection.link);
        return true;
    });
    worker_.Tick(now);
    if (now >= next_touch_ && worker_.InAnySession()) {
        next_touch_ = now + kTouchInterval;
        health_.Touch();
    }
}

TransmitResult Loop::Transmit(LinkId link, const Outgoing& outgoing) {
    Connection& connection = connections_.at(link.value);
    connection.blocked = true;
    if (!connection.socket || (connection.socket->Events() & ZMQ_POLLOUT) == 0) {
        return TransmitResult::kLater;
    }
    zmq::message_t message(encoder_.Measure(outgoing));
    encoder_.Write(outgoing, message.data<char>());
    if (!connection.socket->Send(message)) return TransmitResult::kLater;
    connection.blocked = false;
    return TransmitResult::kSent;
}

void Loop::Submit(std::span<RequestRecord* const> requests) {
    for (RequestRecord* request : requests) {
        if (!host_.Prepare(*request)) throw std::length_error("more requests than the capacity");
    }
    pool_.Submit(requests);
}

}  // namespace holdfast::worker
