#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bus/worker_keys.h"
#include "gateway/core/counters.h"
#include "gateway/core/dispatcher.h"
#include "gateway/core/inbox.h"
#include "gateway/core/inquiry_desk.h"
#include "gateway/core/reply_budget.h"
#include "gateway/core/snapshot.h"
#include "gateway/core/watchdog.h"

namespace holdfast::gateway {

class BusThread;

struct BusOptions {
    std::string address = "127.0.0.1";  ///< numeric, IPv4 or IPv6
    std::uint16_t port = 5570;          ///< 0: any free one
    std::uint32_t send_hwm = 16;  ///< envelopes queued for one peer: a net, credits are the bound
    std::uint32_t receive_hwm = 16;
    std::uint32_t socket_buffer = 128U << 10U;          ///< bytes, of each connection and direction
    std::uint64_t max_reply_header_bytes = 16U << 10U;  ///< names and values of one reply
    CurveOptions curve;
    std::string gateway;           ///< names this process; unique for each start
    DispatcherOptions dispatcher;  ///< a seed of 0 is replaced by a random one
};

enum class BusLogLevel : std::uint8_t { kInfo, kWarn, kError };

/// Called on the bus thread with one line that holds no control characters; must not block. What
/// strangers can repeat is folded before it comes here.
using BusLog = std::function<void(BusLogLevel, std::string_view)>;

/// The leg to the workers: the ROUTER socket and the bus thread that owns it, and the Dispatcher.
///
/// Thread: constructed, started and stopped by main; inbox(), HasWorkerFor() and SetWorkerKeys()
/// are any thread's. Everything that it is given outlives it.
class Bus {
  public:
    /// Connections beyond max_peers: a worker too many can be told so, and one that was restarted
    /// can come before its old connection was noticed to be gone.
    static constexpr std::uint32_t kSpareConnections = 8;

    /// Listens from here on. Throws std::exception, saying which address and why, when it cannot.
    Bus(const BusOptions& options, ReplyBudget& replies, SnapshotCell& snapshots,
        InquiryDesk& inquiries, CounterBlock& counters, Watchdog& watchdog, BusLog log);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    std::uint16_t port() const;

    /// Where loops put their submits and cancels.
    BusInbox& inbox();

    /// Starts the thread. `loops` is where completions go, by DeferredResult::loop.
    void Start(std::vector<CompletionInbox*> loops);

    /// Who may connect from now on; who is connected stays. Only where BusOptions::curve is on.
    void SetWorkerKeys(std::shared_ptr<const WorkerKeys> keys);

    /// Completes everything that is left, cancels it at the workers, and refuses what comes after;
    /// the thread goes on, so that what loops still submit is answered. Returns at once.
    void BeginShutdown();

    /// The same, then lets what was sent leave for up to kLinger, closes the socket and joins. What
    /// is in the inbox by then is completed; the loops submit no more.
    void Stop();
    static constexpr std::chrono::milliseconds kLinger{200};

    /// Whether the service with this index in DispatcherOptions::services has a worker that takes
    /// requests, as of the bus thread's last turn. False before Start.
    bool HasWorkerFor(std::uint32_t service) const;

  private:
    std::unique_ptr<BusThread> thread_;
};

}  // namespace holdfast::gateway
