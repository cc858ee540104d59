#include "gateway/http/assembler.h"
#include "gateway/http/reply_check.h"
#include "gateway/http/session.h"
#include "gateway/http/session_parts.h"

namespace holdfast::gateway::http {
namespace {

/// A refused request's body up to this size is read and thrown away, so that the connection lives
/// on.
constexpr std::uint64_t kDiscardBytes = 64U << 10U;

}  // namespace

ResponseContext Session::MakeContext(CorrelationId id) {
    keep_alive_ = keep_alive_ && !context_.draining;
    if (access_ != nullptr) access_->id = id;
    return {.id = id,
            .date = context_.date,
            .server_name = context_.options.server_name,
            .retry_after = static_cast<std::uint64_t>(context_.options.retry_after.count()),
            .keep_alive = keep_alive_,
            .http10 = http10_,
            .head_request = head_request_};
}

void Session::RefuseAndClose(Reject reason) {
    if (context_.options.access_log && access_ == nullptr) NoteAccess({}, {});
    keep_alive_ = false;
    AnswerProblem(AnswerFor(reason));
}

void Session::SkipBody(const Framing& framing) {
    if (!framing.has_body()) return;
    // After a final answer to an expectation the client may or may not send the body.
    const bool skippable =
        !framing.chunked && !framing.expects_continue && framing.length <= kDiscardBytes;
    keep_alive_ = keep_alive_ && skippable;
    discard_left_ = framing.length;
}

void Session::RefuseRequest(const ProblemAnswer& answer, const Framing& framing,
                            std::string_view allow) {
    SkipBody(framing);
    AnswerProblem(answer, allow);
}

void Session::AnswerOptions(const Framing& framing, std::string_view allow) {
    SkipBody(framing);
    context_.counters.Add(Counter::kOutcomeReplied);
    if (access_ != nullptr) {
        access_->status = 204;
        access_->outcome = Outcome::kReplied;
    }
    context_.out.clear();
    AppendOptions(context_.out, MakeContext(context_.NextUnsuspendedId()), allow);
    Send(context_.out, {});
}

void Session::AnswerProblem(const ProblemAnswer& answer, std::string_view allow) {
    upload_.reset();
    context_.counters.Add(CounterOf(answer.outcome));
    const CorrelationId id = context_.NextUnsuspendedId();
    context_.out.clear();
    AppendProblem(context_.out, MakeContext(id), answer, allow);
    if (access_ != nullptr) {
        access_->status = answer.status;
        access_->outcome = answer.outcome;
    }
    Send(context_.out, {});
}

void Session::OnCompleted(Completion completion) {
    deferred_.Reset();
    if (completion.outcome == Outcome::kReplied) {
        AnswerReply(std::move(completion));
    } else {
        AnswerFailure(std::move(completion));
    }
    // The permit is given back by now: the next request on this connection may need its place.
    if (state_ != State::kClosed) Pump();
}

void Session::AnswerFailure(Completion completion) {
    const ProblemAnswer answer = AnswerFor(completion.outcome, completion.progress);
    if (answer.status == 0) {
        Close();
        return;
    }
    context_.counters.Add(CounterOf(completion.outcome));
    ReportFailure(completion, completion.outcome, completion.reply.detail);
    if (access_ != nullptr) {
        access_->status = answer.status;
        access_->outcome = answer.outcome;
    }
    context_.out.clear();
    AppendProblem(context_.out, MakeContext(completion.id), answer, {});
    Send(context_.out, {});
}

void Session::AnswerReply(Completion completion) {
    Reply& reply = completion.reply;
    context_.out.clear();
    const auto fault = FindFault(reply, context_.options.reply_header_bytes, head_request_);
    if (access_ != nullptr) {
        access_->status = fault ? 502 : reply.status;
        access_->outcome = fault ? Outcome::kWorkerError : Outcome::kReplied;
    }
    if (fault) {
        context_.counters.Add(Counter::kOutcomeWorkerError);
        ReportFailure(completion, Outcome::kWorkerError, *fault);
        AppendProblem(context_.out, MakeContext(completion.id),
                      AnswerFor(Outcome::kWorkerError, Progress::kStarted), {});
        Send(context_.out, {});
        return;
    }
    if (!own_members_.empty() && IsMergeable(reply.status, reply.headers.Find("content-type"))) {
        MergeOwnPart(own_members_, reply.body);
    }
    context_.counters.Add(Counter::kOutcomeReplied);
    AppendReply(context_.out, MakeContext(completion.id), reply);
    Send(context_.out, std::move(completion));
}

void Session::ReportFailure(const Completion& completion, Outcome outcome,
                            std::string_view detail) {
    context_.observer.OnFailure({.id = completion.id,
                                 .outcome = outcome,
                                 .progress = completion.progress,
                                 .attempts = completion.attempts,
                                 .route = completion.deferred->request.route->path,
                                 .detail = detail,
                                 .received = received_,
                                 .answered = context_.now,
                                 .stamps = completion.deferred->stamps});
}

// In the common case this is the one system call of the answer. What the socket does not take stays
// here, with the completion, whose permit and charge stand for it.
void Session::Send(std::string_view head, Completion completion) {
    Free(own_members_);  // what was to be merged is in the body
    const std::string_view body = completion.reply.body;
    const IoResult sent = socket_.Write(head, body);
    if (sent.status == IoResult::Status::kError) {
        ClientGone();
        return;
    }
    context_.counters.Add(Counter::kBytesSent, sent.bytes);
    const std::size_t all = head.size() + body.size();
    const bool was_suspended = state_ == State::kSuspended;
    if (access_ != nullptr) access_->response_bytes = all;
    if (sent.bytes == all) {
        FinishResponse(was_suspended);
        return;
    }
    unsent_ = std::make_unique<UnsentResponse>();
    unsent_->head = head;
    unsent_->sent = sent.bytes;
    unsent_->was_suspended = was_suspended;
    unsent_->completion = std::move(completion);
    state_ = State::kWriting;
    context_.wheel.Set(*this, context_.now + context_.options.write_timeout);
    WatchWrites();
}

void Session::WatchWrites() {
    if (watches_writes_) return;
    // The socket may have become writable before it was watched: the new watch reports that too.
    watches_writes_ = context_.host.WatchWrites(*this);
    if (!watches_writes_) ClientGone();
}

void Session::ContinueWriting() {
    const std::string_view head = unsent_->head;
    const std::string_view body = unsent_->completion.reply.body;
    const std::size_t all = head.size() + body.size();
    while (unsent_->sent < all) {
        const std::size_t of_head = std::min(unsent_->sent, head.size());
        const std::size_t of_body = unsent_->sent - of_head;
        const IoResult sent = socket_.Write(head.substr(of_head), body.substr(of_body));
        if (sent.status == IoResult::Status::kWouldBlock) return;
        if (sent.status != IoResult::Status::kOk) {
            ClientGone();
            return;
        }
        context_.counters.Add(Counter::kBytesSent, sent.bytes);
        unsent_->sent += sent.bytes;
    }
    const bool was_suspended = unsent_->was_suspended;
    unsent_.reset();
    FinishResponse(was_suspended);
}

void Session::FinishResponse(bool was_suspended) {
    if (was_suspended) {
        context_.counters.latency().Record(context_.now - received_);
    }
    ReportAccess();
    if (!keep_alive_) {
        CloseGracefully();
        return;
    }
    state_ = discard_left_ > 0 ? State::kDiscarding : State::kHead;
    if (discard_left_ > 0) context_.wheel.Set(*this, context_.now + context_.options.body_timeout);
}

// Closing with bytes unread makes the kernel send a reset, which may overtake the answer.
void Session::CloseGracefully() {
    const bool unread = state_ != State::kSuspended || readable_ || !rest_.empty();
    if (!unread || peer_closed_) {
        CloseWhenSent();
    } else {
        Linger(context_.options.linger_timeout);
    }
}

// A socket that is closed with unread answers lives on in the kernel for minutes, where nothing
// bounds how many such there are.
void Session::CloseWhenSent() {
    if (!socket_.HasUnsent()) {
        Close();
    } else if (state_ != State::kLingering) {
        Release();
        Linger(kSentCheck);
    }
}

void Session::Linger(Duration time) {
    if (socket_.Handshaking()) context_.counters.Add(Counter::kTlsHandshakesFailed);
    socket_.ShutdownSend();
    state_ = State::kLingering;
    discard_left_ = 0;
    Free(rest_);
    rest_needs_more_ = false;
    cut_at_ = context_.now + context_.options.write_timeout;
    context_.wheel.Set(*this, context_.now + time);
}

/// With a reset where the kernel would go on for a client that does not read.
void Session::Cut() {
    if (socket_.HasUnsent()) socket_.Abort();
    Close();
}

void Session::Refuse() {
    context_.counters.Add(Counter::kConnectionsRefused);
    if (socket_.is_tls()) {
        Close();  // an answer would need a handshake first, which costs more than many requests
        return;
    }
    received_ = context_.now;
    AnswerProblem(Overloaded(Counter::kOverloadedConnections));
}

/// The answer to a request that is refused unread, counted by `reason`.
ProblemAnswer Session::Overloaded(Counter reason) {
    context_.counters.Add(reason);
    return AnswerFor(Outcome::kOverloaded, Progress::kNeverSent);
}

void Session::CountGone() {
    if (state_ == State::kSuspended || state_ == State::kBody || state_ == State::kWriting) {
        context_.counters.Add(Counter::kClientsGone);
    }
}

void Session::ClientGone() {
    CountGone();
    Close();
}

void Session::Release() {
    if (deferred_) {
        deferred_->Abandon();
        context_.batch.push_back({BusItem::Kind::kCancel, std::move(deferred_)});
    }
    ReportAccess();
    Free(own_members_);
    upload_.reset();
    unsent_.reset();
}

void Session::Close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    Release();
    context_.wheel.Remove(*this);
    if (socket_.Handshaking()) context_.counters.Add(Counter::kTlsHandshakesFailed);
    context_.counters.Add(Counter::kConnectionsClosed);
    socket_.Close();
    context_.host.Retire(*this);
}

void Session::NoteAccess(std::string_view method, std::string_view target) {
    access_ = std::make_unique<AccessNote>();
    access_->method = method;
    access_->target = target;
}

void Session::ReportAccess() {
    if (access_ == nullptr) return;
    context_.observer.OnAccess({.client = client_,
                                .method = access_->method,
                                .target = access_->target,
                                .route = access_->route,
                                .status = access_->status,
                                .outcome = access_->outcome,
                                .id = access_->id,
                                .request_bytes = access_->request_bytes,
                                .response_bytes = access_->response_bytes,
                                .duration = context_.now - received_});
    access_.reset();
}

}  // namespace holdfast::gateway::http
