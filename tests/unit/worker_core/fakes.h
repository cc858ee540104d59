#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "worker/core/worker.h"

namespace holdfast::worker {

/// Threads that start only what a test tells them to.
class FakeHandlers final : public Handlers {
  public:
    void Submit(std::span<RequestRecord* const> requests) override {
        for (RequestRecord* request : requests) waiting.push_back(request);
    }
    bool Withdraw(RequestRecord& request) override { return std::erase(waiting, &request) == 1; }
    void Cancel(RequestRecord& request) override { cancelled.insert(request.id); }
    TimePoint AllBusySince() override { return all_busy_since; }

    std::deque<RequestRecord*> waiting;
    std::set<std::uint64_t> cancelled;
    TimePoint all_busy_since = TimePoint::max();
};

/// One envelope as it was sent.
struct SentEnvelope {
    struct Reply {
        std::uint64_t id;
        ReplyKind kind;
        std::string text;
        friend bool operator==(const Reply&, const Reply&) = default;
    };
    std::uint64_t session = 0;
    bool hello = false;
    bool goodbye = false;
    std::optional<PongItem> pong;
    std::optional<RequestCreditItem> credit;
    std::optional<DescriptionItem> description;
    std::vector<Reply> replies;
    std::vector<ReturnItem> returns;
};

class FakeTransmitter final : public Transmitter {
  public:
    TransmitResult Transmit(LinkId link, const Outgoing& out) override {
        if (full.contains(link.value)) return TransmitResult::kLater;
        SentEnvelope& envelope = sent[link.value].emplace_back();
        envelope.session = out.session;
        envelope.hello = out.hello;
        envelope.goodbye = out.goodbye;
        if (out.pong != nullptr) envelope.pong = *out.pong;
        if (out.credit != nullptr) envelope.credit = *out.credit;
        if (out.description != nullptr) envelope.description = *out.description;
        for (const RequestRecord* record : out.replies) {
            const ReplyItem& reply = record->reply;
            envelope.replies.push_back(
                {record->id, reply.kind, reply.encoded.empty() ? reply.detail : reply.encoded});
        }
        envelope.returns.assign(out.returns.begin(), out.returns.end());
        return TransmitResult::kSent;
    }

    std::map<std::uint64_t, std::vector<SentEnvelope>> sent;
    std::set<std::uint64_t> full;  ///< links that take nothing
};

/// A Worker with a clock that stands still until a test moves it, and gateways that say what a test
/// makes them say. Every method is one turn of the loop.
class WorkerFixture : public ::testing::Test {
  protected:
    static constexpr std::uint64_t kPlenty = 1U << 20U;
    using ms = std::chrono::milliseconds;

    void Start(WorkerOptions options) {
        worker = std::make_unique<Worker>(options, handlers);
        worker->BeginTurn(now);
    }

    LinkId Join(std::uint64_t session, std::uint64_t reply_credit = kPlenty) {
        const LinkId link = worker->AddLink(now);
        Welcome(link, session, reply_credit);
        return link;
    }
    void Welcome(LinkId link, std::uint64_t session, std::uint64_t reply_credit = kPlenty) {
        worker->OnWhoAreYou(link, now);
        Flush();
        worker->OnWelcome(link, session, terms, now);
        worker->OnReplyCredit(link, session, reply_credit);
        sessions[link.value] = {session, 0};
        Flush();
    }

    /// Without a Flush: several requests may come in one turn.
    bool Request(LinkId link, std::uint64_t id, ms timeout = ms(10'000), std::uint64_t bytes = 10,
                 std::uint32_t attempt = 1) {
        auto& [session, sequence] = sessions[link.value];
        RequestItem item;
        item.id = id;
        item.attempt = attempt;
        item.sequence = ++sequence;
        item.timeout = timeout;
        item.payload_bytes = bytes;
        item.payload = std::make_unique<RequestPayload>();
        return worker->OnRequest(link, session, std::move(item), now);
    }
    void Cancel(LinkId link, std::uint64_t id, std::uint32_t attempt = 1) {
        worker->OnCancel(link, sessions[link.value].first, id, attempt);
    }
    void Ping(LinkId link, std::uint64_t sequence = 1) {
        worker->OnPing(link, sessions[link.value].first, sequence, now);
    }
    void Flush() { blocked = worker->Flush(transmitter, now); }
    void Tick() {
        worker->Tick(now);
        Flush();
    }
    /// A turn in which every gateway pings in time.
    void Pass(ms time) {
        now += time;
        worker->BeginTurn(now);
        Tick();
    }
    void PassPinged(ms time) {
        for (ms left = time; left > ms(0); left -= ms(100)) {
            now += std::min(left, ms(100));
            worker->BeginTurn(now);
            for (const auto& [link, session] : sessions) Ping(LinkId{link});
            Tick();
        }
    }

    /// A thread takes the next request; nullptr if that was not allowed to start.
    RequestRecord* StartNext() {
        if (handlers.waiting.empty()) return nullptr;
        RequestRecord* const record = handlers.waiting.front();
        handlers.waiting.pop_front();
        const StartVerdict verdict = record->TryStart(now);
        if (verdict == StartVerdict::kStart) return record;
        worker->OnNotStarted(*record, verdict);
        return nullptr;
    }
    void Finish(RequestRecord* record, const std::string& text = "done",
                std::uint64_t payload_bytes = 4) {
        ASSERT_NE(record, nullptr);
        worker->OnFinished(*record, {ReplyKind::kAnswered, payload_bytes, text, {}});
    }

    std::vector<SentEnvelope>& Sent(LinkId link) { return transmitter.sent[link.value]; }
    std::vector<SentEnvelope::Reply> Replies(LinkId link) {
        std::vector<SentEnvelope::Reply> all;
        for (const SentEnvelope& envelope : Sent(link)) {
            all.insert(all.end(), envelope.replies.begin(), envelope.replies.end());
        }
        return all;
    }
    std::vector<ReturnItem> Returns(LinkId link) {
        std::vector<ReturnItem> all;
        for (const SentEnvelope& envelope : Sent(link)) {
            all.insert(all.end(), envelope.returns.begin(), envelope.returns.end());
        }
        return all;
    }
    /// What was announced last.
    RequestCreditItem Credit(LinkId link) {
        RequestCreditItem credit;
        for (const SentEnvelope& envelope : Sent(link)) {
            if (envelope.credit) credit = *envelope.credit;
        }
        return credit;
    }
    PongItem LastPong(LinkId link) {
        PongItem pong;
        for (const SentEnvelope& envelope : Sent(link)) {
            if (envelope.pong) pong = *envelope.pong;
        }
        return pong;
    }
    int Hellos(LinkId link) {
        return static_cast<int>(std::count_if(Sent(link).begin(), Sent(link).end(),
                                              [](const auto& envelope) { return envelope.hello; }));
    }
    std::uint64_t Count(Counter counter) const { return worker->counters()[counter]; }

    TimePoint now{std::chrono::hours(1)};
    WelcomeItem terms{.ping_interval = ms(200),
                      .lease = ms(500),
                      .max_message_bytes = 2U << 20U,
                      .max_reply_bytes = 1000};
    FakeHandlers handlers;
    FakeTransmitter transmitter;
    std::unique_ptr<Worker> worker;
    std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> sessions;
    bool blocked = false;
};

}  // namespace holdfast::worker
