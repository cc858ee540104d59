#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/process.h"
#include "tests/sim/stage.h"
#include "worker/core/worker.h"

namespace holdfast::sim {

/// A worker process: the real worker core, with its loop, its sockets and its threads acted out.
class WorkerNode final : public Process, private worker::Transmitter, private worker::Handlers {
  public:
    struct Options {
        worker::WorkerOptions worker;
        std::string instance;
        std::size_t index = 0;
        std::uint64_t start = 0;  ///< which start of this worker it is
        std::vector<std::string> services;
        std::uint32_t protocol = worker::kProtocolVersion;
        std::size_t threads = 2;
        Duration longest_service{};
        std::uint64_t hang_percent = 0;  ///< of requests: the plugin never answers them
    };
    /// Makes a connection to a gateway; null while that is not there.
    using Connect = std::function<ConnectionRef(std::size_t gateway)>;

    WorkerNode(const Options& options, std::size_t gateways, Stage& stage, Connect connect);
    ~WorkerNode() override;

    void Start();
    /// As SIGKILL does.
    void Kill();
    /// As SIGTERM does.
    void Drain();
    /// The loop stands still while the threads go on.
    void HangLoop(Duration how_long);
    /// Tells one of Seen's lies, once, with whatever comes next.
    void TellLie(Seen lie) { lies_.insert(lie); }
    /// From here on no request hangs, and those that do end.
    void Heal();

    /// Promises that hold between any two events.
    void Check() const;

    /// What a worker at rest still grants in a session, and may still use of it.
    struct Rest {
        std::size_t gateway = 0;
        std::uint64_t session = 0;
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::uint64_t reply_bytes = 0;
    };
    std::vector<Rest> Sessions() const;

    /// For a trace: what it holds, and what it was granted.
    void Print(std::ostream& to) const;
    std::size_t held() const { return worker_->held(); }
    bool serving() const {
        return alive() && worker_->drain_state() == worker::DrainState::kServing;
    }
    /// Whether no session still lives in which it lied, or was misheard: its sums are wrong there
    /// for good.
    bool honest() const;
    const Options& options() const { return options_; }
    const worker::Counters& counters() const { return worker_->counters(); }

  private:
    class Payload final : public worker::RequestPayload {
      public:
        Payload(std::uint64_t its_number, std::size_t& alive) : number(its_number), alive_(alive) {
            ++alive_;
        }
        ~Payload() override { --alive_; }
        const std::uint64_t number;

      private:
        std::size_t& alive_;
    };
    struct Socket {
        worker::LinkId link;
        std::size_t gateway = 0;
        ConnectionRef connection;
        // Of the session, as an onlooker adds up.
        std::uint64_t session = 0;
        worker::RequestCreditItem granted;
        worker::RequestCreditItem received;
        std::uint64_t reply_bytes_granted = 0;
        std::uint64_t reply_bytes_sent = 0;
        bool honest = true;
        std::set<std::pair<std::uint64_t, std::uint32_t>> cancelled;
    };
    struct Thread {
        worker::RequestRecord* running = nullptr;
        TimePoint since;
        std::uint64_t run = 0;  ///< counts what it ran
        Random random{0};       ///< of the request that runs
    };
    struct Done {
        worker::RequestRecord* record = nullptr;
        bool started = false;
        worker::StartVerdict verdict = worker::StartVerdict::kStart;
        worker::ReplyItem reply;
    };

    // The loop and its sockets (worker_node.cpp).
    void Turn(TimePoint now) override;
    void OnResumed() override { RunThreads(); }
    void Reconnect(Socket& socket, TimePoint now);
    void Receive(Socket& socket, TimePoint now);
    void OnEnvelope(Socket& socket, ToWorker& envelope, TimePoint now);
    void OnRequest(Socket& socket, std::uint64_t session, const ToWorker::Request& request,
                   TimePoint now);
    void EndDrain();
    void CloseConnections();
    Socket& SocketOf(worker::LinkId link);

    // What goes out (worker_envelopes.cpp).
    worker::TransmitResult Transmit(worker::LinkId link, const worker::Outgoing& outgoing) override;
    void AddReplies(Socket& socket, const worker::Outgoing& outgoing, ToGateway& envelope);
    void AddLies(Socket& socket, ToGateway& envelope);
    void LieAboutCredit(const Socket& socket, ToGateway& envelope);
    bool Tell(Seen lie);

    // The threads (worker_threads.cpp).
    void Submit(std::span<worker::RequestRecord* const> requests) override;
    bool Withdraw(worker::RequestRecord& request) override;
    void Cancel(worker::RequestRecord& request) override;
    TimePoint AllBusySince() override;
    void RunThreads();
    void StartOn(Thread& thread, worker::RequestRecord& record, TimePoint now);
    void FinishAfter(Thread& thread, Duration delay);
    void Finish(std::size_t thread, std::uint64_t run);
    worker::ReplyItem MakeReply(Random& random) const;

    const Options options_;
    Stage& stage_;
    const Connect connect_;
    Random random_;  ///< of its lies
    std::vector<Socket> sockets_;
    std::vector<Thread> threads_;
    std::deque<worker::RequestRecord*> queue_;
    std::vector<Done> done_;
    std::set<Seen> lies_;
    TimePoint loop_hangs_until_;
    bool healed_ = false;
    std::size_t payloads_ = 0;  ///< alive: what it really holds
    std::unique_ptr<worker::Worker> worker_;
};

}  // namespace holdfast::sim
