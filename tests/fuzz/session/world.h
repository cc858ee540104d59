#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/event_set.h"
#include "gateway/http/loop_context.h"
#include "gateway/http/session.h"
#include "tests/fuzz/session/strict_http.h"

namespace holdfast::fuzz {

/// One real Session over a real socket pair, in one thread: the world plays the loop, the bus and
/// the client, with a clock of its own. After every step, and by Finish:
///
/// * what the session submits is the request that a second reading of the client's bytes finds at
///   that place, with the same body;
/// * answers are well-formed, one for each request and in order, and none comes after one that
///   closes the connection;
/// * a session that lives on and waits for nobody has answered every whole request;
/// * in the end the session has gone, and every permit with it.
///
/// A breach aborts.
class SessionWorld final : public gateway::http::SessionHost {
  public:
    struct Options {
        bool serve_half_close = false;
        bool no_minimum_rate = false;
        bool access_log = false;
        bool tight = false;  ///< budgets that a few requests fill
    };

    explicit SessionWorld(const Options& options);
    ~SessionWorld();
    SessionWorld(const SessionWorld&) = delete;
    SessionWorld& operator=(const SessionWorld&) = delete;

    // What the client does.
    void Send(std::string_view bytes);
    void ShutdownSend();
    void CloseClient();
    void SetReading(bool reading) { reading_ = reading; }

    // What the bus does: the oldest request that is held ends so.
    bool Suspended() const { return !held_.empty(); }
    void Complete(gateway::Completion completion);

    // What the loop does.
    void Advance(gateway::Duration by);
    void Drain();

    void Finish();

  private:
    void Retire(gateway::http::Session& session) override;
    void Requeue(gateway::http::Session& session) override;
    bool WatchWrites(gateway::http::Session& session) override;

    void Turn();
    bool TakeEvents();
    bool RunRequeued();
    bool TakeBatch();
    bool ReadAnswers();
    void CheckAnswers();
    void CheckSubmit(const gateway::Request& request);
    /// As the second reading finds it: how the client's bytes divide, request by request.
    const StrictRequest& RequestAt(std::size_t number);

    gateway::http::ServerOptions options_;
    gateway::InflightBudget budget_;
    struct NullObserver final : gateway::http::Observer {
    } observer_;
    gateway::http::LoopContext context_;
    gateway::http::EventSet events_;
    gateway::http::Session* session_ = nullptr;
    bool retired_ = false;
    bool requeued_ = false;
    std::deque<gateway::DeferredRef> held_;

    int client_ = -1;
    bool reading_ = true;
    bool sends_ended_ = false;
    std::string sent_;
    std::string unread_;  ///< of the answers: what CheckAnswers has not used
    std::vector<StrictRequest> requests_;
    std::size_t requests_end_ = 0;
    std::size_t answers_ = 0;
    std::size_t interims_ = 0;
    bool closing_answer_ = false;
};

}  // namespace holdfast::fuzz
