#pragma once

#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/core/dispatcher.h"
#include "tests/sim/invariants.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"

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
    };
    struct Ask {
        std::uint32_t service = 0;
        bool idempotent = false;
        bool must_succeed = false;
        Duration timeout{};
        Duration wait_for_worker{};
        std::size_t body_bytes = 0;
        Duration client_reads_for{};
        std::optional<Duration> client_leaves_after;
    };

    GatewayNode(std::size_t index, const Options& options, Scheduler& scheduler, Network& network,
                Ledger& ledger, Coverage& coverage);
    ~GatewayNode() override;

    void Accept(const ConnectionRef& connection);
    /// A client's request; not opened in the ledger when the budget refuses it.
    void Submit(const Ask& ask);

    /// Completes everything that is left, as at the end of a drain, and exits.
    void ShutDown();
    /// As SIGKILL does.
    void Kill();

    /// Promises that hold between any two events.
    void Check() const;
    /// For a trace: what an operator would see.
    void Print(std::ostream& to) const;
    std::size_t pending() const { return dispatcher_->pending(); }
    std::uint64_t reply_bytes_held() const { return replies_->held(); }
    const gateway::CounterBlock& counters() const { return counters_; }

  private:
    /// What the gateway has been granted in a session, and what it used.
    struct Account {
        std::uint64_t requests_granted = 0;
        std::uint64_t bytes_granted = 0;
        std::uint64_t requests_sent = 0;
        std::uint64_t bytes_sent = 0;
        std::uint64_t last_sequence = 0;
    };
    struct BusItem {
        bool cancel = false;
        gateway::DeferredRef deferred;
    };

    void Turn(TimePoint now) override;
    void Receive(TimePoint now);
    void OnEnvelope(const ConnectionRef& from, ToGateway& envelope, TimePoint now);
    gateway::TransmitResult Transmit(gateway::PeerId peer,
                                     const gateway::Outgoing& outgoing) override;
    void CheckRequest(std::uint64_t session, const gateway::OutgoingRequest& request);
    void Complete(gateway::Completion completion) override;
    void OnWorkerEvent(const gateway::WorkerEvent& event) override;
    void CloseConnections();

    const std::size_t index_;
    const Options options_;
    Network& network_;
    Ledger& ledger_;
    Coverage& coverage_;
    gateway::CounterBlock counters_;
    gateway::InflightBudget budget_;
    std::unique_ptr<gateway::ReplyBudget> replies_;
    std::vector<std::unique_ptr<gateway::Route>> routes_;
    std::map<std::uint64_t, gateway::DeferredRef> sessions_;  ///< by the request's number
    std::map<std::uint64_t, gateway::Reply> being_read_;
    std::map<std::uint64_t, Duration> read_for_;
    std::vector<BusItem> inbox_;
    std::map<gateway::PeerId, ConnectionRef> connections_;
    std::map<std::uint64_t, Account> accounts_;  ///< by session
    std::set<std::uint64_t> ended_sessions_;
    bool probe_all_ = false;
    bool killed_ = false;
    std::unique_ptr<gateway::Dispatcher> dispatcher_;
};

}  // namespace holdfast::sim
