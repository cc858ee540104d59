#include "load/engine/connection.h"

#include <algorithm>
#include <cstring>

namespace holdfast::load {
namespace {

/// A slow client sends or reads its bytes in portions, so many a second.
constexpr std::uint64_t kPortions = 20;
constexpr Duration kPace = Duration(std::chrono::seconds(1)) / kPortions;
/// About the least that the kernel accepts.
constexpr std::uint64_t kLeastReceiveBuffer = 2304;

constexpr std::uint32_t kPeerFinished = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

std::size_t Portion(std::uint64_t rate) {
    return std::max<std::size_t>(rate / kPortions, 1);
}

}  // namespace

bool Connection::Open(const Address& address, std::string& why) {
    if (++generation_ == 0) generation_ = 1;  // 0 and index 0 would be a wake-up's tag
    peer_finished_ = broken_ = false;
    answers_ = 0;
    if (!stream_.Connect(address, parts_.tls, why)) return false;
    if (!parts_.events.Add(stream_.descriptor(), tag())) {
        why = std::string("epoll_ctl: ") + std::strerror(errno);
        stream_.Close();
        return false;
    }
    state_ = State::kConnecting;
    parts_.deadlines.Set(index_, parts_.now + ConnectionParts::kConnectTimeout);
    return true;
}

void Connection::Close() {
    stream_.Close();
    state_ = State::kClosed;
    request_ = nullptr;
    parts_.deadlines.Clear(index_);
}

void Connection::OnConnecting() {
    std::string why;
    const Stream::Status status = stream_.Continue(why);
    if (status == Stream::Status::kWouldBlock) return;
    if (status == Stream::Status::kError) {
        Close();
        parts_.host->OnConnectFailed(*this, why);
        return;
    }
    state_ = State::kIdle;
    parts_.deadlines.Clear(index_);
    parts_.host->OnReady(*this);
}

void Connection::Send(const OutgoingRequest& request) {
    request_ = &request;
    state_ = State::kBusy;
    written_ = 0;
    bytes_in_ = 0;
    begun_ = parts_.now;
    reader_.Begin(request.head);
    timeout_at_ = request.timeout > Duration::zero() ? begun_ + request.timeout : TimePoint::max();
    abandon_at_ = request.abandon_after > Duration::zero() ? begun_ + request.abandon_after
                                                           : TimePoint::max();
    pace_at_ = IsSlow() ? begun_ + kPace : TimePoint::max();
    if (request.receive_rate > 0) {
        stream_.ShrinkReceiveBuffer(
            std::max<std::uint64_t>(Portion(request.receive_rate), kLeastReceiveBuffer));
    }
    Write();
    Arm();
}

void Connection::Arm() {
    parts_.deadlines.Set(index_, std::min({timeout_at_, abandon_at_, pace_at_}));
}

/// Until all is written, or the socket takes no more, or the portion is used up.
void Connection::Write() {
    const std::string_view bytes = request_->bytes;
    std::size_t most = bytes.size() - written_;
    if (request_->send_rate > 0) most = std::min(most, Portion(request_->send_rate));
    while (most > 0) {
        const Stream::Result result = stream_.Write(bytes.substr(written_, most));
        if (result.status == Stream::Status::kWouldBlock) return;
        if (result.status != Stream::Status::kOk) {
            broken_ = true;
            pace_at_ = begun_;  // looked at in the next turn: the caller is not told from within
            return;
        }
        written_ += result.bytes;
        most -= result.bytes;
    }
}

void Connection::OnEvents(std::uint32_t events) {
    if (state_ == State::kConnecting) {
        OnConnecting();
        return;
    }
    if (state_ == State::kClosed) return;
    if ((events & kPeerFinished) != 0) peer_finished_ = true;
    if (state_ == State::kBusy) {
        if (request_->send_rate == 0 && written_ < request_->bytes.size() && !broken_) {
            Write();
            Arm();
        }
        if (request_->receive_rate > 0) return;
    }
    if ((events & (EPOLLIN | kPeerFinished)) != 0 || !stream_.ShortReadIsAll()) {
        Read(parts_.buffer.size());
    }
}

void Connection::OnDeadline() {
    if (state_ == State::kConnecting) {
        Close();
        parts_.host->OnConnectFailed(*this, "no connection within 5 s");
        return;
    }
    if (state_ != State::kBusy) return;
    const TimePoint now = parts_.now;
    if (abandon_at_ <= now && abandon_at_ <= timeout_at_) {
        Close();
        parts_.host->OnAbandoned(*this);
        return;
    }
    if (timeout_at_ <= now) {
        Fail(ErrorKind::kTimeout, bytes_in_ == 0 ? "no answer in time" : "no whole answer in time");
        return;
    }
    const std::uint32_t generation = generation_;
    if (pace_at_ <= now) {
        pace_at_ = now + kPace;
        if (!broken_ && request_->send_rate > 0) Write();
        const std::uint64_t rate = request_->receive_rate;
        if (broken_ || rate > 0) Read(rate > 0 ? Portion(rate) : parts_.buffer.size());
    }
    if (state_ != State::kBusy || generation_ != generation) return;
    if (broken_) {
        Fail(ErrorKind::kDisconnected, "the connection broke while the request was sent");
    } else {
        Arm();
    }
}

void Connection::Read(std::size_t most) {
    const bool in_portions = most < parts_.buffer.size();
    for (;;) {
        const Stream::Result result =
            stream_.Read(parts_.buffer.data(), std::min(most, parts_.buffer.size()));
        parts_.now = Clock::now();
        if (result.status == Stream::Status::kWouldBlock) return;
        if (result.status != Stream::Status::kOk) {
            OnEnd();
            return;
        }
        if (!OnBytes({parts_.buffer.data(), result.bytes})) return;
        if (in_portions) return;
        // The peer's end behind these bytes is no new edge.
        if (result.bytes < most && stream_.ShortReadIsAll() && !peer_finished_) return;
    }
}

/// False: this connection is not what it was; read no more.
bool Connection::OnBytes(std::string_view bytes) {
    if (state_ == State::kIdle) {
        Close();
        parts_.host->OnUnasked(*this);
        return false;
    }
    bytes_in_ += bytes.size();
    switch (reader_.Feed(bytes)) {
        case ResponseReader::Status::kMore:
            return true;
        case ResponseReader::Status::kMalformed:
            Fail(ErrorKind::kMalformed, reader_.why());
            return false;
        case ResponseReader::Status::kDone:
            break;
    }
    if (reader_.extra()) {
        Fail(ErrorKind::kMalformed, "more bytes than one answer came");
        return false;
    }
    const bool whole = written_ == request_->bytes.size();
    const bool reusable = parts_.keep_alive && reader_.keep_alive() && whole && !peer_finished_ &&
                          request_->receive_rate == 0;
    ++answers_;
    if (reusable) {
        state_ = State::kIdle;
        parts_.deadlines.Clear(index_);
    } else {
        Close();
    }
    const std::uint32_t generation = generation_;
    parts_.host->OnAnswer(*this, reader_);
    return generation == generation_ && state_ != State::kClosed;
}

void Connection::OnEnd() {
    if (state_ == State::kIdle) {
        Close();
        parts_.host->OnClosed(*this);
    } else if (reader_.FeedEnd()) {
        Close();
        parts_.host->OnAnswer(*this, reader_);
    } else if (bytes_in_ > 0) {
        Fail(ErrorKind::kDisconnected, "the connection ended within the answer");
    } else if (answers_ > 0) {
        Fail(ErrorKind::kDisconnected, "the server closed the kept connection without an answer");
    } else {
        Fail(ErrorKind::kDisconnected, "the connection ended without an answer");
    }
}

void Connection::Fail(ErrorKind kind, std::string_view why) {
    Close();
    parts_.host->OnFailed(*this, kind, why);
}

}  // namespace holdfast::load
