#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/engine/deadlines.h"
#include "load/engine/event_set.h"
#include "load/engine/response_reader.h"
#include "load/engine/stream.h"
#include "load/flow/journey.h"
#include "load/result/clock.h"
#include "load/result/error_kind.h"

namespace holdfast::load {

class Connection;

/// Whom connections tell what became of them. Each call is the last that its connection makes for
/// an event, so the host may send on it, open it or close it right there.
class ConnectionHost {
  public:
    virtual ~ConnectionHost() = default;

    /// Connected, TLS agreed: idle.
    virtual void OnReady(Connection& connection) = 0;
    /// Never connected; closed.
    virtual void OnConnectFailed(Connection& connection, std::string_view why) = 0;
    /// A whole answer. The connection is idle, or closed when it cannot carry another request.
    virtual void OnAnswer(Connection& connection, const ResponseReader& answer) = 0;
    /// The request has ended without an answer that can be used; closed.
    virtual void OnFailed(Connection& connection, ErrorKind kind, std::string_view why) = 0;
    /// The client has left as its request said; closed.
    virtual void OnAbandoned(Connection& connection) = 0;
    /// Bytes came that nobody had asked for, on an idle connection; closed.
    virtual void OnUnasked(Connection& connection) = 0;
    /// The server has closed an idle connection.
    virtual void OnClosed(Connection& connection) = 0;
};

/// What all connections of an engine share.
struct ConnectionParts {
    /// One that takes longer has failed.
    static constexpr Duration kConnectTimeout = std::chrono::seconds(5);
    static constexpr std::size_t kReadBytes = 64 * 1024;

    explicit ConnectionParts(std::size_t connections)
        : deadlines(connections), buffer(kReadBytes) {}

    ConnectionHost* host = nullptr;
    EventSet events;
    Deadlines deadlines;
    const TlsContext* tls = nullptr;
    bool keep_alive = true;
    TimePoint now;  ///< of the last event
    std::vector<char> buffer;
    std::vector<HeaderView> headers;
};

/// One connection to the target, which carries one request at a time. A request is written once
/// and never again: when the server closes a kept connection just as a request is sent, that
/// request is lost (kDisconnected), because its client cannot know whether it was processed.
///
/// Thread: the engine's. Lives as long as the engine; opened and closed many times.
class Connection {
  public:
    enum class State : std::uint8_t { kClosed, kConnecting, kIdle, kBusy };

    Connection(ConnectionParts& parts, std::uint32_t index)
        : parts_(parts), index_(index), reader_(parts.headers) {}

    /// False: `why`; it is closed.
    bool Open(const Address& address, std::string& why);
    /// Only while idle. `request` stays until it has ended.
    void Send(const OutgoingRequest& request);
    void Close();

    void OnEvents(std::uint32_t events);
    void OnDeadline();

    /// What its events carry. A closed connection's are recognised by their old tag.
    std::uint64_t tag() const { return (std::uint64_t{generation_} << 32) | index_; }
    static std::uint32_t IndexOf(std::uint64_t tag) { return static_cast<std::uint32_t>(tag); }

    State state() const { return state_; }
    std::uint32_t index() const { return index_; }
    TimePoint begun() const { return begun_; }  ///< the first byte of the request was written
    std::uint64_t bytes_in() const { return bytes_in_; }  ///< of the answer, so far

    std::uint32_t user = 0;       ///< the host's: whose request it carries
    std::uint32_t place = 0;      ///< the host's: where it stands among the free ones
    std::uint32_t last_step = 0;  ///< the host's: of the request that it carried last

  private:
    void OnConnecting();
    void Write();
    void Read(std::size_t most);
    bool OnBytes(std::string_view bytes);
    void OnEnd();
    void Fail(ErrorKind kind, std::string_view why);
    void Arm();
    bool IsSlow() const { return request_->send_rate > 0 || request_->receive_rate > 0; }

    ConnectionParts& parts_;
    const std::uint32_t index_;
    std::uint32_t generation_ = 0;
    State state_ = State::kClosed;
    bool peer_finished_ = false;
    bool broken_ = false;  ///< a write failed; what can still be read says how it ends
    Stream stream_;
    ResponseReader reader_;

    const OutgoingRequest* request_ = nullptr;
    std::size_t written_ = 0;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t answers_ = 0;  ///< on this connection
    TimePoint begun_;
    TimePoint timeout_at_;
    TimePoint abandon_at_;
    TimePoint pace_at_;  ///< when a slow sender or reader goes on
};

}  // namespace holdfast::load
