#include <sys/epoll.h>

#include <cstring>

#include "gateway/http/session.h"
#include "gateway/http/session_parts.h"

namespace holdfast::gateway::http {
namespace {

/// So that one busy client does not keep a loop to itself.
constexpr unsigned kReadsPerTurn = 8;

/// Read and thrown away so that the client gets to see the answer (RFC 9112, 9.6); then it is cut
/// off.
constexpr std::uint64_t kLingerBytes = 256U << 10U;

}  // namespace

Session::Session(LoopContext& context, Socket socket, std::string client)
    : context_(context), socket_(std::move(socket)), client_(std::move(client)) {
    const ServerOptions& options = context_.options;
    context_.wheel.Set(*this, context_.now + (socket_.Handshaking() ? options.head_timeout
                                                                    : options.idle_timeout));
}

Session::~Session() {
    context_.wheel.Remove(*this);
}

void Session::OnEvents(std::uint32_t events) {
    if (state_ == State::kClosed) return;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        // Both sides have ended, though the answers may not have left yet.
        if (state_ == State::kLingering && (events & EPOLLERR) == 0) {
            CloseWhenSent();
        } else {
            ClientGone();
        }
        return;
    }
    if ((events & EPOLLRDHUP) != 0) peer_closed_ = true;
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
    if (state_ == State::kSuspended) {
        if (peer_closed_ && context_.options.half_close == HalfClose::kCancel) {
            CountGone();
            CloseWhenSent();
        }
        return;
    }
    if (state_ == State::kWriting) {
        if ((events & EPOLLOUT) != 0) ContinueWriting();
        if (state_ == State::kWriting) return;
    } else if ((events & EPOLLOUT) != 0 && socket_.WantsWrite()) {
        readable_ = true;
    }
    Pump();
}

bool Session::Reads() const {
    return state_ == State::kHead || state_ == State::kBody || state_ == State::kDiscarding ||
           state_ == State::kLingering;
}

void Session::OnRequeued() {
    requeued_ = false;
    Pump();
}

void Session::Pump() {
    unsigned reads = 0;
    while (Reads()) {
        if (!rest_.empty() && !rest_needs_more_) {
            std::memcpy(context_.read_buffer.data(), rest_.data(), rest_.size());
            ProcessScratch(rest_.size());
            continue;
        }
        if (!readable_) break;
        const bool rests = socket_.Handshaking() && context_.handshakes_left == 0;
        if (++reads > kReadsPerTurn || rests) {
            if (!requeued_) context_.host.Requeue(*this);
            requeued_ = true;
            return;
        }
        ReadSome();
    }
    if (state_ == State::kHead) SetReadDeadline();
}

void Session::SetReadDeadline() {
    if (rest_.empty()) {
        if (context_.draining) {
            CloseWhenSent();
            return;
        }
        if (socket_.Handshaking()) return;  // its time runs from the connection's beginning
        if (rest_.capacity() > sizeof rest_) Free(rest_);
        head_begun_ = false;
        context_.wheel.Set(*this, context_.now + context_.options.idle_timeout);
    } else if (!head_begun_) {
        head_begun_ = true;
        context_.wheel.Set(*this, context_.now + context_.options.head_timeout);
    }
}

void Session::ReadSome() {
    if (state_ == State::kBody && upload_->chunks == nullptr) {
        ReadIntoUpload();
        return;
    }
    std::vector<char>& scratch = context_.read_buffer;
    const std::size_t before = rest_.size();
    if (before == scratch.size()) {
        // Only a chunk's own line or trailers can fill it: a head has its limits.
        RefuseAndClose(Reject::kChunkInvalid);
        return;
    }
    std::size_t room = scratch.size() - before;
    if (state_ == State::kDiscarding) room = std::min<std::uint64_t>(room, discard_left_);
    std::memcpy(scratch.data(), rest_.data(), before);
    const std::size_t got = ReadInto(scratch.data() + before, room);
    if (got == 0) return;
    if (upload_ != nullptr) upload_->bytes += got;
    ProcessScratch(before + got);
}

void Session::ReadIntoUpload() {
    std::string& body = upload_->request.body;
    const std::size_t got =
        ReadInto(body.data() + upload_->received, body.size() - upload_->received);
    if (got == 0) return;
    upload_->bytes += got;
    upload_->received += got;
    if (upload_->received == body.size()) FinishUpload();
}

/// One read; 0 when nothing came of it, and then what follows from that is done.
std::size_t Session::ReadInto(char* to, std::size_t room) {
    const bool handshaking = socket_.Handshaking();
    const IoResult got = socket_.Read(to, room);
    if (handshaking) NoteHandshake(got.status);
    switch (got.status) {
        case IoResult::Status::kWouldBlock:
            readable_ = false;
            if (socket_.WantsWrite()) WatchWrites();
            return 0;
        case IoResult::Status::kEnd:
            OnEndOfInput();
            return 0;
        case IoResult::Status::kError:
            if (handshaking) {
                Linger(context_.options.linger_timeout);  // the alert that says why must not be
                                                          // overtaken by a reset
            } else {
                ClientGone();
            }
            return 0;
        case IoResult::Status::kPlainHttp:
            ForgetLastRequest();
            RefuseAndClose(Reject::kPlainHttp);
            return 0;
        case IoResult::Status::kOk:
            break;
    }
    // What comes after the socket was emptied gives a new edge; but the end of the stream, once
    // announced, gives none.
    if (got.drained && !peer_closed_) readable_ = false;
    context_.counters.Add(Counter::kBytesReceived, got.bytes);
    return got.bytes;
}

/// What has become of a handshake in a read that it began with.
void Session::NoteHandshake(IoResult::Status status) {
    if (socket_.TookHandshakeStep() && context_.handshakes_left > 0) --context_.handshakes_left;
    if (status == IoResult::Status::kError) {
        context_.observer.OnHandshakeFailure(client_, socket_.TlsReason());
    } else if (status == IoResult::Status::kPlainHttp) {
        context_.counters.Add(Counter::kTlsHandshakesFailed);
    } else if (!socket_.Handshaking()) {
        context_.counters.Add(Counter::kTlsHandshakes);
    }
}

void Session::ProcessScratch(std::size_t size) {
    const std::string_view data(context_.read_buffer.data(), size);
    const std::size_t used = Process(data);
    if (state_ == State::kClosed || state_ == State::kLingering || used == size) {
        rest_.clear();
        rest_needs_more_ = false;
        if (rest_.capacity() > sizeof rest_) Free(rest_);
        return;
    }
    rest_needs_more_ = Reads();
    Keep(rest_, data.substr(used));
}

std::size_t Session::Process(std::string_view data) {
    std::size_t used = 0;
    while (used < data.size()) {
        const std::string_view rest = data.substr(used);
        std::size_t took = 0;
        switch (state_) {
            case State::kHead:
                took = ProcessHead(rest);
                break;
            case State::kBody:
                took = ProcessChunks(rest);
                break;
            case State::kDiscarding:
                took = std::min<std::uint64_t>(rest.size(), discard_left_);
                discard_left_ -= took;
                if (discard_left_ == 0) state_ = State::kHead;
                break;
            case State::kLingering:
                discard_left_ += rest.size();
                if (discard_left_ > kLingerBytes) Cut();
                return data.size();
            case State::kSuspended:
            case State::kWriting:
            case State::kClosed:
                return used;
        }
        used += took;
        if (took == 0) break;
    }
    return used;
}

std::size_t Session::ProcessHead(std::string_view data) {
    const ServerOptions& options = context_.options;
    const HeadScanner::Result scan = scanner_.Scan(data, {.request_line = options.request_line,
                                                          .header_bytes = options.header_bytes,
                                                          .header_count = options.header_count});
    switch (scan.status) {
        case HeadScanner::Result::Status::kIncomplete:
            return 0;
        case HeadScanner::Result::Status::kRefused:
            ForgetLastRequest();
            RefuseAndClose(scan.reason);
            return data.size();
        case HeadScanner::Result::Status::kComplete:
            break;
    }
    scanner_.Reset();
    head_begun_ = false;
    const std::string_view head = data.substr(scan.begin, scan.end - scan.begin);
    return scan.end + HandleHead(head, data.substr(scan.end));
}

/// Before an answer to a head that was never parsed: it is not of the request before it.
void Session::ForgetLastRequest() {
    head_request_ = http10_ = false;
    received_ = context_.now;
}

std::size_t Session::ProcessChunks(std::string_view data) {
    const ChunkedBody::Result result = upload_->chunks->Feed(data, *upload_);
    switch (result.status) {
        case ChunkedBody::Status::kMore:
            break;
        case ChunkedBody::Status::kDone:
            FinishUpload();
            break;
        case ChunkedBody::Status::kInvalid:
            RefuseAndClose(Reject::kChunkInvalid);
            return data.size();
        case ChunkedBody::Status::kRefused:
            if (upload_->refusal == Upload::Refusal::kTooLarge) {
                RefuseAndClose(Reject::kBodyTooLarge);
            } else {
                keep_alive_ = false;
                AnswerProblem(Overloaded(upload_->permit.refused_by_route()
                                             ? Counter::kOverloadedRoute
                                             : Counter::kOverloadedBudget));
            }
            return data.size();
    }
    return result.consumed;
}

void Session::OnEndOfInput() {
    readable_ = false;
    CountGone();
    CloseWhenSent();
}

void Session::OnDrain() {
    if (state_ != State::kHead || !rest_.empty()) return;
    // A request that has arrived is still answered; Pump closes the connection if there is none.
    readable_ = true;
    Pump();
}

void Session::OnDeadline() {
    const ServerOptions& options = context_.options;
    switch (state_) {
        case State::kHead:
            if (rest_.empty()) {
                Cut();
            } else {
                ForgetLastRequest();
                RefuseAndClose(Reject::kHeadTimeout);
            }
            return;
        case State::kBody: {
            TimePoint allowed = received_ + options.body_timeout;
            if (options.body_min_rate > 0) {
                const std::chrono::duration<double> earned(
                    static_cast<double>(upload_->bytes) /
                    static_cast<double>(options.body_min_rate));
                const auto late =
                    options.body_rate_grace + std::chrono::duration_cast<Duration>(std::min(
                                                  earned, std::chrono::duration<double>(86400)));
                allowed = std::min(allowed, received_ + late);
            }
            if (context_.now < allowed) {
                context_.wheel.Set(*this, allowed);
            } else {
                RefuseAndClose(Reject::kBodyTimeout);
            }
            return;
        }
        case State::kLingering:
            if (socket_.HasUnsent() && context_.now < cut_at_) {
                context_.wheel.Set(*this, context_.now + kSentCheck);
            } else {
                Cut();
            }
            return;
        case State::kWriting:
            socket_.Abort();
            Close();
            return;
        case State::kDiscarding:
            Cut();
            return;
        case State::kSuspended:
        case State::kClosed:
            return;
    }
}

}  // namespace holdfast::gateway::http
