#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/core/dispatcher.h"
#include "tests/sim/plan.h"
#include "tests/sim/process.h"
#include "tests/sim/stage.h"

namespace holdfast::sim {

/// A gateway process: the real Dispatcher, with the bus thread and the sessions around it acted
/// out.
class GatewayNode final : public Process,
                          private gateway::Transmitter,
                          private gateway::CompletionSink,
                          private gateway::WorkerObserver {
  public:
    struct Options {
        gateway::DispatcherOptions dispatcher;
        gateway::InflightBudget::Limits inflight;
        std::uint64_t reply_bytes = 0;
        std::size_t envelopes_in_turn = 1;  ///< read from each connection
    };
    /// What the gateway may still use of a session, and what it still grants.
    struct Left {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::uint64_t reply_bytes = 0;
    };

    GatewayNode(std::size_t index, const Options& options, Stage& stage);
    ~GatewayNode() override;

    void Accept(const ConnectionRef& connection);
    /// A client's request; not opened in the ledger when it is refused before it is suspended.
    void Submit(std::uint64_t number, const Ask& ask);

    /// Takes no more requests, and exits when all that it has are answered.
    void Drain();
    /// Completes everything that is left, as at the end of a drain, and exits.
    void ShutDown();
    /// As SIGKILL does.
    void Kill();

    /// Promises that hold between any two events.
    void Check() const;
    void CheckNothingIsLeft() const;
    std::optional<Left> LeftIn(std::uint64_t session) const;

    /// For a trace: what an operator would see.
    void Print(std::ostream& to) const;
    const gateway::CounterBlock& counters() const { return counters_; }

  private:
    /// An onlooker's account of a session, in totals.
    struct Account {
        gateway::PeerId peer;
        std::uint64_t requests_granted = 0;
        std::uint64_t bytes_granted = 0;
        std::uint64_t requests_sent = 0;
        std::uint64_t bytes_sent = 0;
        std::uint64_t last_sequence = 0;
        std::uint64_t reply_bytes_granted = 0;
        std::uint64_t reply_bytes_received = 0;

        std::uint64_t reply_bytes_left() const {
            return reply_bytes_granted - std::min(reply_bytes_granted, reply_bytes_received);
        }
    };
    struct BusItem {
        bool cancel = false;
        gateway::DeferredRef deferred;
    };
    struct Session {
        gateway::DeferredRef deferred;
        Duration reads_for{};
        bool reached_the_bus = false;
        std::optional<gateway::Reply> answer;  ///< while the client reads it
    };

    // The bus thread (gateway_node.cpp).
    void Turn(TimePoint now) override;
    void RunTurn(TimePoint now);
    void TakeInbox(TimePoint now);
    void BuryTheDead(TimePoint now);
    TimePoint BeforeTheBurial(TimePoint now);
    void OnWorkerEvent(const gateway::WorkerEvent& event) override;
    void CheckTheDead();
    /// Null unless that peer is in that session.
    Account* AccountOf(gateway::PeerId peer, std::uint64_t session);

    // Its envelopes (gateway_envelopes.cpp).
    bool Receive(std::size_t most, TimePoint now);
    void OnEnvelope(const ConnectionRef& from, ToGateway& envelope, TimePoint now);
    void OnReply(gateway::PeerId peer, std::uint64_t session, const ToGateway::Reply& reply,
                 TimePoint now);
    void OnReturns(gateway::PeerId peer, std::uint64_t session,
                   const std::vector<worker::ReturnItem>& items, TimePoint now);
    gateway::TransmitResult Transmit(gateway::PeerId peer,
                                     const gateway::Outgoing& outgoing) override;
    void SendRequest(std::uint64_t session, const gateway::OutgoingRequest& request,
                     ToWorker& envelope);

    // The sessions (gateway_sessions.cpp).
    void ClientLeaves(std::uint64_t number);
    void Complete(gateway::Completion completion) override;
    void EndSession(std::uint64_t number);
    void EndAllSessions();
    void CloseConnections();

    const std::size_t index_;
    const Options options_;
    Stage& stage_;
    gateway::CounterBlock counters_;
    gateway::InflightBudget budget_;
    gateway::ReplyBudget replies_;
    std::vector<gateway::Route> routes_;
    std::map<std::uint64_t, Session> sessions_;  ///< by the request's number
    std::vector<BusItem> inbox_;
    std::map<gateway::PeerId, ConnectionRef> connections_;
    std::map<std::uint64_t, Account> accounts_;  ///< of sessions that live
    std::set<std::uint64_t> ended_sessions_;
    std::vector<std::uint64_t> just_ended_;
    std::map<std::uint64_t, std::uint64_t> number_of_;  ///< by correlation id, while pending
    std::size_t in_table_ = 0;  ///< submitted to the Dispatcher and not completed
    gateway::PeerId last_hello_;
    Random random_;                     ///< of what a turn takes
    std::optional<TimePoint> bury_at_;  ///< the turn goes on then: it takes its time, too
    bool probe_all_ = false;
    bool draining_ = false;
    bool killed_ = false;
    std::unique_ptr<gateway::Dispatcher> dispatcher_;
};

}  // namespace holdfast::sim
