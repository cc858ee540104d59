#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/sim/invariants.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"
#include "worker/core/worker.h"

namespace holdfast::sim {

/// A worker process: the real worker core, with its loop, its sockets and its threads acted out.
class WorkerNode final : public Process, private worker::Transmitter, private worker::Handlers {
  public:
    struct Options {
        worker::WorkerOptions worker;
        std::string instance;
        std::vector<std::string> services;
        std::uint32_t protocol = worker::kProtocolVersion;
        std::size_t threads = 2;
        Duration longest_service{};
        std::uint64_t hang_percent = 0;  ///< of requests: the plugin never answers them
    };
    /// What a worker does that ours never would. Each is done once, to whatever comes next.
    enum class Lie : std::uint8_t {
        kMalformedEnvelope,
        kForeignSession,
        kReplyTwice,
        kReplyOfAnother,
        kReplyOfNobody,
        kOversizedReply,
        kShrinkingCredit,
        kCount,
    };
    /// Makes a connection to a gateway; null while that is not there.
    using Connect = std::function<ConnectionRef(std::size_t gateway)>;

    WorkerNode(const Options& options, std::size_t gateways, Scheduler& scheduler, Random& random,
               Network& network, Ledger& ledger, Coverage& coverage, Connect connect);
    ~WorkerNode() override;

    void Start();
    /// As SIGKILL does.
    void Kill();
    /// As SIGTERM does.
    void Drain();
    /// The loop stands still while the threads go on.
    void HangLoop(Duration how_long);
    void TellLie(Lie lie) { lies_.insert(lie); }
    /// From here on no request hangs, and those that do end.
    void Heal();

    /// For a trace: what it holds, and what it was granted.
    void Print(std::ostream& to) const;
    std::size_t held() const { return worker_->held(); }
    bool serving() const {
        return alive() && worker_->drain_state() == worker::DrainState::kServing;
    }
    /// Whether no session still lives in which it lied: its sums are wrong for good there.
    bool honest() const;
    const Options& options() const { return options_; }
    const worker::Counters& counters() const { return worker_->counters(); }

  private:
    class Payload final : public worker::RequestPayload {
      public:
        explicit Payload(std::uint64_t its_number) : number(its_number) {}
        const std::uint64_t number;
    };
    struct Socket {
        worker::LinkId link;
        std::size_t gateway = 0;
        ConnectionRef connection;
        std::uint64_t session = 0;
        std::uint64_t reply_bytes_granted = 0;
        std::uint64_t reply_bytes_sent = 0;
        bool honest = true;                                           ///< in this session
        bool credit_announced = false;                                ///< in this session
        std::set<std::pair<std::uint64_t, std::uint32_t>> cancelled;  ///< in this session
    };
    struct Thread {
        worker::RequestRecord* running = nullptr;
        TimePoint since;
        std::uint64_t run = 0;
        bool hangs = false;
    };
    struct Done {
        worker::RequestRecord* record = nullptr;
        bool started = false;
        worker::StartVerdict verdict = worker::StartVerdict::kStart;
        worker::ReplyItem reply;
    };

    void Turn(TimePoint now) override;
    void OnResumed() override { RunThreads(); }
    void Reconnect(Socket& socket, TimePoint now);
    void Receive(Socket& socket, TimePoint now);
    void OnEnvelope(Socket& socket, ToWorker& envelope, TimePoint now);
    Socket& SocketOf(worker::LinkId link);

    worker::TransmitResult Transmit(worker::LinkId link, const worker::Outgoing& outgoing) override;
    void AddReplies(Socket& socket, const worker::Outgoing& outgoing, ToGateway& envelope);
    void AddLies(Socket& socket, ToGateway& envelope);
    bool Tell(Lie lie);

    void Submit(std::span<worker::RequestRecord* const> requests) override;
    bool Withdraw(worker::RequestRecord& request) override;
    void Cancel(worker::RequestRecord& request) override;
    TimePoint AllBusySince() override;
    void RunThreads();
    void StartOn(Thread& thread, worker::RequestRecord& record, TimePoint now);
    void FinishAfter(Thread& thread, Duration delay);
    void Finish(std::size_t thread, std::uint64_t run);
    void CloseConnections();

    const Options options_;
    Random& random_;
    Network& network_;
    Ledger& ledger_;
    Coverage& coverage_;
    const Connect connect_;
    std::vector<Socket> sockets_;
    std::vector<Thread> threads_;
    std::deque<worker::RequestRecord*> queue_;
    std::vector<Done> done_;
    std::set<Lie> lies_;
    TimePoint loop_hangs_until_;
    bool healed_ = false;
    std::unique_ptr<worker::Worker> worker_;
};

}  // namespace holdfast::sim
