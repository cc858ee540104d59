#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/core/deferred_result.h"
#include "gateway/http/framing.h"
#include "gateway/http/head_scanner.h"
#include "gateway/http/loop_context.h"
#include "gateway/http/outcome_response.h"
#include "gateway/http/reject.h"
#include "gateway/http/response_text.h"
#include "gateway/http/socket.h"

namespace holdfast::gateway::http {

struct Upload;
struct UnsentResponse;
struct AccessNote;

/// One client's connection: reads requests, suspends them, answers them in order.
///
///     kHead ─▶ kBody ─▶ kSuspended ─▶ kWriting ─▶ kHead ...
///                 any refusal ─▶ kWriting ─▶ kDiscarding ─▶ kHead, or ─▶ kLingering ─▶ kClosed
///
/// A connection that ends while its answers lie in the kernel lingers, too, until they have left or
/// write_timeout has passed: what it holds there counts as long as it is a connection.
///
/// It is driven by edges: OnEvents notes what the socket can do, Pump does it. In kSuspended
/// nothing is read. It holds no buffer while it is idle or suspended, but for pipelined bytes that
/// had come along.
///
/// Thread: its loop's. Owner: its loop, which deletes it at the end of the turn in which it closed.
/// Nothing blocks.
class Session final : public Waiter, public DeadlineEntry {
  public:
    Session(LoopContext& context, Socket socket, std::string client);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// `events` as epoll gives them.
    void OnEvents(std::uint32_t events);
    void OnCompleted(Completion completion) override;
    void OnDeadline();
    /// The loop's next turn, after Requeue.
    void OnRequeued();
    /// No more requests on this connection but one that has arrived: closes it if it is idle.
    void OnDrain();
    /// Too many connections: says so, where that needs no handshake, and closes.
    void Refuse();
    /// At once; what the kernel has of its answers still leaves.
    void Close();

    int descriptor() const { return socket_.descriptor(); }

    std::uint32_t place = 0;  ///< the loop's: where it keeps this session

  private:
    /// How often a connection that has ended is asked whether its answers have left.
    static constexpr Duration kSentCheck = std::chrono::milliseconds(100);

    enum class State : std::uint8_t {
        kHead,
        kBody,
        kSuspended,
        kWriting,
        kDiscarding,
        kLingering,
        kClosed,
    };

    // Reading: session_read.cpp
    void Pump();
    bool Reads() const;
    void ReadSome();
    void ReadIntoUpload();
    void ForgetLastRequest();
    std::size_t ReadInto(char* to, std::size_t room);
    void NoteHandshake(IoResult::Status status);
    void ProcessScratch(std::size_t size);
    std::size_t Process(std::string_view data);
    std::size_t ProcessHead(std::string_view data);
    std::size_t ProcessChunks(std::string_view data);
    void OnEndOfInput();
    void SetReadDeadline();

    // Admission: session_admit.cpp. Both return how much they used of the bytes behind the head.
    std::size_t HandleHead(std::string_view head, std::string_view behind);
    std::size_t Admit(const Framing& framing, const Endpoint::Entry& entry, std::string_view query,
                      std::size_t head_bytes, std::string_view behind);
    std::size_t StartBody(const Framing& framing, Request request, Permit permit,
                          std::string_view behind);
    void FinishUpload();
    void Submit(Request request, Permit permit);
    bool AddOwnPart(Request& request, Permit& permit);

    // Answering: session_answer.cpp
    void RefuseRequest(const ProblemAnswer& answer, const Framing& framing,
                       std::string_view allow = {});
    void AnswerOptions(const Framing& framing, std::string_view allow);
    void SkipBody(const Framing& framing);
    void RefuseAndClose(Reject reason);
    ProblemAnswer Overloaded(Counter reason);
    void AnswerProblem(const ProblemAnswer& answer, std::string_view allow = {});
    void AnswerReply(Completion completion);
    void AnswerFailure(Completion completion);
    ResponseContext MakeContext(CorrelationId id);
    void ReportFailure(const Completion& completion, Outcome outcome, std::string_view detail);
    void Send(std::string_view head, Completion completion);
    void ContinueWriting();
    void WatchWrites();
    void FinishResponse(bool was_suspended);
    void CloseGracefully();
    void CloseWhenSent();
    void Linger(Duration time);
    void Cut();
    void Release();
    void CountGone();
    void ClientGone();
    void NoteAccess(std::string_view method, std::string_view target);
    void ReportAccess();

    LoopContext& context_;
    Socket socket_;
    State state_ = State::kHead;
    bool readable_ = false;     ///< there may be bytes; registering reports those that came before
    bool peer_closed_ = false;  ///< the peer sends no more
    bool keep_alive_ = false;
    bool http10_ = false;
    bool head_request_ = false;
    bool rest_needs_more_ = false;  ///< rest_ alone does not bring the session on
    bool head_begun_ = false;       ///< the head's deadline runs
    bool requeued_ = false;
    bool watches_writes_ = false;
    HeadScanner scanner_;
    std::string rest_;  ///< bytes that were read and not yet used
    std::string client_;
    std::string own_members_;  ///< Application 1's part of the answer
    std::uint64_t discard_left_ = 0;
    TimePoint received_{};
    TimePoint cut_at_{};  ///< in kLingering: then the kernel forgets what it still has
    Duration timeout_{};  ///< that the request has once its body is complete
    DeferredRef deferred_;
    std::unique_ptr<Upload> upload_;
    std::unique_ptr<UnsentResponse> unsent_;
    std::unique_ptr<AccessNote> access_;
};

}  // namespace holdfast::gateway::http
