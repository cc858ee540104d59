#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "worker/core/worker.h"
#include "worker/runtime/address.h"
#include "worker/runtime/envelope_decoder.h"
#include "worker/runtime/envelope_encoder.h"
#include "worker/runtime/gateway_socket.h"
#include "worker/runtime/handler_pool.h"
#include "worker/runtime/health_file.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/resolver.h"
#include "worker/runtime/wakeup.h"

namespace holdfast::worker {

struct LoopOptions {
    std::vector<Address> gateways;
    WorkerOptions rules;
    HelloFacts hello;
    std::string health_file;
    std::function<void()> on_welcomed{};     ///< once, by the first gateway
    std::shared_ptr<const CurveKeys> curve;  ///< null: the leg is plain
};

/// Carries bytes between the gateways and the rules in Worker, and requests between those and the
/// handler threads. Never runs the plugin, so that pings are answered whatever a handler does.
///
/// Thread: the one that calls Run; RequestDrain and SetCurveKeys from any. Owner: Runtime.
class Loop final : private Transmitter, private Handlers {
  public:
    Loop(LoopOptions options, PluginHost& host, HandlerPool& pool, FinishedInbox& finished,
         std::shared_ptr<Wakeup> wakeup);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Serves until a drain has ended: kDrained or kTimedOut. In the latter case what was
    /// unfinished has been cancelled.
    DrainState Run();
    void RequestDrain();
    /// From now on, for new connections: sessions go on. Only where the leg is encrypted. Not after
    /// RequestDrain.
    void SetCurveKeys(std::shared_ptr<const CurveKeys> keys);

  private:
    /// Longer than a gateway takes between two refusals.
    static constexpr Duration kSilence = std::chrono::seconds(6);

    struct Connection {
        LinkId link;
        std::string endpoint;
        std::unique_ptr<GatewaySocket> socket;  ///< none while a broken one waits to be replaced
        bool blocked = false;                   ///< this turn it did not take its envelope
        TimePoint reopen_at;
        TimePoint heard;              ///< when an envelope came last, or the socket was opened
        Duration silence = kSilence;  ///< after which the connection is made anew
        bool wanted = true;           ///< configured, or still resolved
        bool was_in_session = false;
        std::string gateway;
        std::string refusal;
    };

    TransmitResult Transmit(LinkId link, const Outgoing& outgoing) override;
    void Submit(std::span<RequestRecord* const> requests) override;
    bool Withdraw(RequestRecord& request) override { return pool_.Withdraw(request); }
    void Cancel(RequestRecord& request) override { host_.Cancel(request); }
    TimePoint AllBusySince() override { return pool_.AllBusySince(); }

    void TakeNewKeys(TimePoint now);
    void OpenSocket(Connection& connection, TimePoint now);
    void OnNoHandshake(Connection& connection, TimePoint now);
    void Connect(const std::string& endpoint, TimePoint now);
    void ApplyResolved(const std::vector<std::string>& endpoints, TimePoint now);
    void Receive(Connection& connection, TimePoint now);
    [[nodiscard]] Malformed Apply(Connection& connection, TimePoint now);
    void NoteRefusal(Connection& connection, const RefusedItem& refused);
    void Break(Connection& connection, Malformed reason, TimePoint now);
    void TakeFinished();
    void Tick(TimePoint now);
    void NoteSession(Connection& connection);
    void Sleep();

    WorkerOptions rules_;
    std::shared_ptr<const CurveKeys> curve_;
    PluginHost& host_;
    HandlerPool& pool_;
    FinishedInbox& finished_;
    const std::shared_ptr<Wakeup> wakeup_;
    Worker worker_;
    EnvelopeDecoder decoder_;
    EnvelopeEncoder encoder_;
    HealthFile health_;
    std::function<void()> on_welcomed_;  ///< empty once it was called
    std::atomic<bool> drain_requested_{false};
    std::mutex new_keys_mutex_;
    std::shared_ptr<const CurveKeys> new_keys_;  ///< guarded by the mutex; null: none

    zmq::context_t context_;
    std::map<std::uint64_t, Connection> connections_;  ///< by link
    std::vector<std::string> fixed_;                   ///< endpoints that need no resolving
    Resolver resolver_;

    Incoming incoming_;
    zmq::message_t message_;
    std::vector<Finished> taken_;
    std::array<std::uint64_t, static_cast<std::size_t>(Malformed::kCount)> malformed_{};
    TimePoint next_touch_;
};

}  // namespace holdfast::worker
