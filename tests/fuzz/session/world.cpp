#include "tests/fuzz/session/world.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace holdfast::fuzz {

using gateway::BusItem;
using gateway::Completion;
using gateway::http::Session;
using State = StrictRequest::State;
using std::chrono::milliseconds;

namespace {

void Require(bool holds, const char* rule) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
}

constexpr gateway::InflightBudget::Limits kRoomy{
    .requests = 64, .bytes = 1U << 20U, .upload_bytes = 1U << 19U};
constexpr gateway::InflightBudget::Limits kTight{.requests = 1, .bytes = 1500, .upload_bytes = 700};
constexpr int kSendBuffer = 4096;

const gateway::http::Router& Routes() {
    static const gateway::http::Router router([] {
        gateway::Route echo;
        echo.path = "/e";
        echo.methods = {"GET", "HEAD", "POST"};
        echo.service = "echo";
        echo.timeout = std::chrono::seconds(5);
        echo.body_limit = 2048;
        gateway::Route item = echo;
        item.path = "/i/{id}";
        item.methods = {"PUT", "PATCH"};
        item.content_types = {"application/json"};
        item.idempotency_key = true;
        item.additions = {
            {"id", gateway::Addition::Source::kUuid7, {}},
            {"at", gateway::Addition::Source::kReceivedAt, {}},
            {"name", gateway::Addition::Source::kBody, "name"},
            {"path", gateway::Addition::Source::kPath, "id"},
            {"key", gateway::Addition::Source::kHeader, "x-key"},
        };
        return std::vector{echo, item};
    }());
    return router;
}

gateway::http::ServerOptions MakeOptions(const SessionWorld::Options& options) {
    gateway::http::ServerOptions server;
    server.request_line = 256;
    server.header_bytes = 1024;
    server.header_count = 16;
    server.half_close = options.serve_half_close ? gateway::http::HalfClose::kServe
                                                 : gateway::http::HalfClose::kCancel;
    if (options.no_minimum_rate) server.body_min_rate = 0;
    server.access_log = options.access_log;
    server.wall_clock = [] { return std::chrono::system_clock::time_point{}; };
    return server;
}

}  // namespace

SessionWorld::SessionWorld(const Options& options)
    : options_(MakeOptions(options)),
      budget_(options.tight ? kTight : kRoomy),
      context_(0, options_, Routes(), budget_, observer_, *this, milliseconds(100)) {
    std::array<int, 2> ends{};
    Require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0,
            "a socket pair can be had");
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    client_ = ends[1];
    session_ =
        new Session(context_, gateway::http::Socket(ends[0], std::size_t{kSendBuffer}), "fuzz");
    Require(events_.Add(*session_), "the session can be watched");
}

SessionWorld::~SessionWorld() {
    if (client_ >= 0) ::close(client_);
}

void SessionWorld::Retire(Session& session) {
    Require(&session == session_ && !retired_, "a session is retired once");
    retired_ = true;
}

void SessionWorld::Requeue(Session& /*session*/) {
    Require(!requeued_ && !retired_, "a session is requeued once a turn");
    requeued_ = true;
}

bool SessionWorld::WatchWrites(Session& session) {
    return events_.AddWrites(session);
}

void SessionWorld::Send(std::string_view bytes) {
    while (!bytes.empty() && client_ >= 0 && !sends_ended_) {
        const ssize_t sent = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // full: the session reads nothing while it waits
        sent_ += bytes.substr(0, static_cast<std::size_t>(sent));
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        requests_end_ = 0;
        requests_.clear();
    }
    Turn();
}

void SessionWorld::ShutdownSend() {
    if (client_ >= 0) ::shutdown(client_, SHUT_WR);
    sends_ended_ = true;
    Turn();
}

void SessionWorld::CloseClient() {
    if (client_ >= 0) ::close(std::exchange(client_, -1));
    Turn();
}

void SessionWorld::Complete(Completion completion) {
    completion.deferred = std::move(held_.front());
    held_.pop_front();
    gateway::Waiter* const waiter = completion.deferred->waiter;
    if (waiter == nullptr) return;
    waiter->OnCompleted(std::move(completion));
    Turn();
}

void SessionWorld::Advance(gateway::Duration by) {
    context_.now += by;
    context_.wheel.Advance(context_.now, [](gateway::http::DeadlineEntry& entry) {
        static_cast<Session&>(entry).OnDeadline();
    });
    Turn();
}

void SessionWorld::Drain() {
    context_.draining = true;
    if (session_ != nullptr) session_->OnDrain();
    Turn();
}

bool SessionWorld::TakeEvents() {
    std::array<epoll_event, 4> room{};
    const auto ready = events_.Take(room);
    for (const epoll_event& event : ready) session_->OnEvents(event.events);
    return !ready.empty();
}

bool SessionWorld::RunRequeued() {
    if (!std::exchange(requeued_, false) || retired_) return false;
    session_->OnRequeued();
    return true;
}

bool SessionWorld::TakeBatch() {
    const bool any = !context_.batch.empty();
    for (BusItem& item : context_.batch) {
        if (item.kind == BusItem::Kind::kSubmit) {
            CheckSubmit(item.deferred->request);
            held_.push_back(std::move(item.deferred));
            Require(held_.size() == 1, "one connection has one request suspended");
        } else {
            Require(held_.size() == 1 && held_.front() == item.deferred,
                    "what is cancelled is suspended");
            Require(item.deferred->waiter == nullptr, "nobody waits for what is cancelled");
            held_.clear();
        }
    }
    context_.batch.clear();
    return any;
}

bool SessionWorld::ReadAnswers() {
    if (!reading_ || client_ < 0) return false;
    std::array<char, 16384> room;
    const ssize_t got = ::recv(client_, room.data(), room.size(), 0);
    if (got <= 0) return false;
    unread_.append(room.data(), static_cast<std::size_t>(got));
    CheckAnswers();
    return true;
}

void SessionWorld::Turn() {
    for (bool busy = true; busy;) {
        busy = session_ != nullptr && TakeEvents();
        busy = (session_ != nullptr && RunRequeued()) || busy;
        busy = TakeBatch() || busy;
        if (retired_ && session_ != nullptr) delete std::exchange(session_, nullptr);
        busy = ReadAnswers() || busy;
    }
    Require(held_.empty() || session_ != nullptr, "a session that goes cancels what is suspended");
}

const StrictRequest& SessionWorld::RequestAt(std::size_t number) {
    while (requests_.size() <= number) {
        requests_.push_back(ReadRequest(std::string_view(sent_).substr(requests_end_)));
        if (requests_.back().state != State::kComplete) break;
        requests_end_ += requests_.back().size;
    }
    static const StrictRequest none;
    return number < requests_.size() ? requests_[number] : none;
}

void SessionWorld::CheckSubmit(const gateway::Request& request) {
    // What was written before it are the answers to those before it.
    if (!reading_ || client_ < 0) return;
    while (ReadAnswers()) {
    }
    const StrictRequest& strict = RequestAt(answers_);
    Require(strict.state == State::kComplete, "what is submitted is a whole request");
    Require(strict.method == request.method, "its method is that of the second reading");
    Require(strict.body == request.body, "its body is that of the second reading");
    Require(request.target.starts_with('/'), "its target is a path");
}

void SessionWorld::CheckAnswers() {
    for (;;) {
        const StrictAnswer answer = ReadAnswer(unread_);
        if (answer.state == StrictAnswer::State::kIncomplete) return;
        Require(answer.state == StrictAnswer::State::kComplete, "every answer is well-formed");
        Require(!closing_answer_, "nothing follows an answer that closes");
        const StrictRequest& strict = RequestAt(answers_);
        std::size_t size = answer.head + answer.body;
        if (answer.status < 200) {
            Require(++interims_ <= answers_ + 1, "one interim answer to a request");
        } else {
            // Where the head cannot be read it is not known that it is a HEAD's.
            const bool to_head = strict.method == "HEAD";
            if (to_head && (!answer.closes || unread_.size() == answer.head)) size = answer.head;
            if (unread_.size() < size) return;
            // A refusal does not wait for the body, which is skipped.
            Require(strict.has_head || answer.closes, "half a head is only answered to close");
            ++answers_;
            closing_answer_ = answer.closes;
        }
        unread_.erase(0, size);
    }
}

void SessionWorld::Finish() {
    reading_ = true;
    Turn();
    while (Suspended()) {
        Completion completion;
        completion.outcome = gateway::Outcome::kNoWorker;
        Complete(std::move(completion));
    }
    if (session_ != nullptr && client_ >= 0 && !closing_answer_) {
        Require(unread_.empty(), "a session that waits for nobody has written whole answers");
        // One that ended its side has cancelled what was not answered; the session may live on
        // until its earlier answers are read.
        const bool cancelled =
            sends_ended_ && options_.half_close == gateway::http::HalfClose::kCancel;
        Require(cancelled || RequestAt(answers_).state != State::kComplete,
                "every whole request has been answered");
    }
    CloseClient();
    Advance(std::chrono::hours(1));
    Require(session_ == nullptr, "without its client a session ends");
    Require(held_.empty(), "what was suspended has been cancelled");
    Require(budget_.requests() == 0 && budget_.bytes() == 0 && budget_.upload_bytes() == 0,
            "every permit has come back");
}

}  // namespace holdfast::fuzz
