#include "gateway/bus/bus_thread.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <csignal>
#include <string>
#include <utility>

#include "gateway/bus/worker_line.h"

namespace holdfast::gateway {
namespace {

using Topic = FoldingLog::Topic;

constexpr Duration kRetryFullPipe = std::chrono::milliseconds(2);
/// Routing ids that are remembered, for each connection that there may be.
constexpr std::size_t kRoutingIdsForPeer = 4;

RouterSocketOptions SocketOptions(const BusOptions& options) {
    return {options.address,
            options.port,
            options.dispatcher.max_peers + Bus::kSpareConnections,
            options.dispatcher.max_message_bytes,
            static_cast<int>(options.send_hwm),
            static_cast<int>(options.receive_hwm),
            static_cast<int>(options.socket_buffer),
            options.curve};
}

CodecLimits LimitsOf(const BusOptions& options) {
    return {options.dispatcher.max_message_bytes, options.max_reply_header_bytes};
}

timespec ToTimespec(Duration duration) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
    return {static_cast<time_t>(seconds.count()),
            static_cast<long>(std::chrono::nanoseconds(duration - seconds).count())};
}

}  // namespace

BusThread::BusThread(const BusOptions& options, ReplyBudget& replies, SnapshotCell& snapshots,
                     InquiryDesk& inquiries, CounterBlock& counters, Watchdog& watchdog, BusLog log)
    : options_(options),
      snapshots_(snapshots),
      inquiries_(inquiries),
      counters_(counters),
      watchdog_(watchdog),
      socket_(SocketOptions(options)),
      // Each request that holds a permit has at most its submit and its cancel here.
      inbox_(std::size_t{2} * options.dispatcher.pending_requests, waker_),
      peers_(kRoutingIdsForPeer * (options.dispatcher.max_peers + Bus::kSpareConnections)),
      decoder_(LimitsOf(options)),
      encoder_(options.gateway),
      log_(std::move(log)),
      dispatcher_(options.dispatcher, replies, *this, *this, counters, Clock::now()),
      serving_(std::make_unique<std::atomic<bool>[]>(options.dispatcher.services.size())) {}

BusThread::~BusThread() {
    Stop();
}

void BusThread::Start(std::vector<CompletionInbox*> loops) {
    assert(!thread_.joinable());
    loops_ = std::move(loops);
    completions_.resize(loops_.size());
    // Signals are for main: the new thread inherits a mask that keeps them all out.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { Run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "bus");
}

void BusThread::SetWorkerKeys(std::shared_ptr<const WorkerKeys> keys) {
    if (Authenticator* authenticator = socket_.authenticator()) {
        authenticator->SetKeys(std::move(keys));
    }
}

void BusThread::BeginShutdown() {
    Phase expected = Phase::kServe;
    phase_.compare_exchange_strong(expected, Phase::kShutdown);
    waker_.Wake();
}

void BusThread::Stop() {
    if (!thread_.joinable()) return;
    phase_.store(Phase::kStop);
    waker_.Wake();
    thread_.join();
}

void BusThread::Run() {
    while (phase_.load(std::memory_order_relaxed) != Phase::kStop) {
        Turn(Clock::now());
        Sleep(Clock::now());
    }
    Finish();
}

void BusThread::Turn(TimePoint now) {
    turn_ = now;
    watchdog_.Stamp(now);
    // What had arrived is heard before anybody is called silent.
    more_input_ = router_ready_ && Receive(kEnvelopesInTurn, kItemsInTurn, now);
    if (asked_) Authenticate(now);
    if (monitor_ready_) WatchConnections(now);
    WatchStreams(now);
    if (now >= probe_again_at_) ProbeAgain(now);
    TakeInbox(now);
    if (phase_.load(std::memory_order_relaxed) != Phase::kServe && !shut_down_) {
        shut_down_ = true;
        dispatcher_.Shutdown(now);
    }
    if (inquiries_.wanted()) {
        for (Inquiry& asked : inquiries_.TakeAsked()) {
            dispatcher_.Inquire(std::move(asked), InquiryDesk::kPatience, now);
        }
    }
    dispatcher_.Tick(now);
    blocked_ = dispatcher_.Flush(*this, now);
    BuryLost(now);
    PushCompletions();
    Publish(now);
}

/// The last turns: cancels may leave for a while, and what was submitted meanwhile is completed.
void BusThread::Finish() {
    const TimePoint until = Clock::now() + Bus::kLinger;
    TimePoint now = Clock::now();
    do {
        Turn(now);
        if (!blocked_ && !buried_) break;
        Sleep(now);
        now = Clock::now();
    } while (now < until);
    const Duration left = std::max(until - now, Duration::zero());
    socket_.Close(std::chrono::ceil<std::chrono::milliseconds>(left));
}

/// Each look at a ZeroMQ socket costs two system calls even when there is nothing, so they are
/// looked at only when their descriptors say so. Those signal edges, which sending takes, too:
/// after that the router is asked itself before anything waits.
void BusThread::Sleep(TimePoint now) {
    const bool input = more_input_ || (sent_ && socket_.HasInput());
    TimePoint until = std::min(dispatcher_.NextTick(now), now + Watchdog::kStampInterval);
    until = std::min(until, probe_again_at_);
    if (blocked_) until = std::min(until, now + kRetryFullPipe);
    if (input || buried_) until = now;
    const timespec timeout = ToTimespec(std::max(until - now, Duration::zero()));
    const Authenticator* authenticator = socket_.authenticator();
    std::array<pollfd, 4> fds = {{{socket_.poll_fd(), POLLIN, 0},
                                  {socket_.monitor().poll_fd(), POLLIN, 0},
                                  {waker_.poll_fd(), POLLIN, 0},
                                  {authenticator ? authenticator->poll_fd() : -1, POLLIN, 0}}};
    ppoll(fds.data(), fds.size(), &timeout, nullptr);
    router_ready_ = input || fds[0].revents != 0;
    monitor_ready_ = fds[1].revents != 0;
    if (fds[2].revents != 0) waker_.Drain();
    asked_ = fds[3].revents != 0;
    sent_ = false;
}

/// Those who seem dead may have answered before they died: that is read first.
void BusThread::BuryLost(TimePoint now) {
    buried_ = dispatcher_.HasSuspectedPeers();
    if (buried_) {
        const std::size_t pipes = options_.dispatcher.max_peers + Bus::kSpareConnections;
        const std::size_t in_pipe = 2 * std::size_t{options_.receive_hwm} + 1;
        more_input_ = Receive(pipes * in_pipe, kItemsInTurn * pipes, now);
        dispatcher_.ConfirmLost(now);
    }
    for (const PeerId peer : unreachable_) peers_.Forget(peer);
    unreachable_.clear();
}

void BusThread::PushCompletions() {
    for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->PushAll(completions_[i]);
}

void BusThread::Publish(TimePoint now) {
    for (std::uint32_t i = 0; i < options_.dispatcher.services.size(); ++i) {
        const bool serves = dispatcher_.HasWorkerFor(i);
        if (serving_[i].load(std::memory_order_relaxed) != serves) {
            serving_[i].store(serves, std::memory_order_relaxed);
        }
    }
    if (snapshots_.wanted()) {
        snapshots_.Put(std::make_shared<const Snapshot>(dispatcher_.MakeSnapshot(now)));
    }
    for (Inquiry& finished : dispatcher_.TakeFinishedInquiries(now)) {
        inquiries_.Put(std::move(finished));
    }
    log_.Tick(now);
}

TransmitResult BusThread::Transmit(PeerId peer, const Outgoing& outgoing) {
    const std::string* routing_id = peers_.Find(peer);
    if (routing_id == nullptr) return TransmitResult::kUnreachable;
    sent_ = true;
    const TransmitResult result = socket_.Send(*routing_id, encoder_.Measure(outgoing),
                                               [&](char* to) { encoder_.Write(outgoing, to); });
    if (result == TransmitResult::kSent) counters_.Add(Counter::kEnvelopesSent);
    if (result == TransmitResult::kUnreachable) unreachable_.push_back(peer);
    if (outgoing.welcome != nullptr) peers_.MarkWelcomed(peer);
    return result;
}

void BusThread::Complete(Completion completion) {
    completions_[completion.deferred->loop].push_back(std::move(completion));
}

void BusThread::OnWorkerEvent(const WorkerEvent& event) {
    const bool refused = event.kind == WorkerEvent::Kind::kRefused;
    const bool bad = refused || event.kind == WorkerEvent::Kind::kLost;
    log_.Write(refused ? Topic::kRefusals : Topic::kSessions,
               bad ? BusLogLevel::kWarn : BusLogLevel::kInfo, LineFor(event, greeted_), turn_);
}

}  // namespace holdfast::gateway
