#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "worker/runtime/handler_pool.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/request_file.h"
#include "worker/runtime/wakeup.h"

namespace holdfast::worker {

/// How one request ended.
struct Invocation {
    enum class Kind : std::uint8_t { kAnswered, kFailed, kNotProcessed, kTimedOut };

    Kind kind = Kind::kTimedOut;
    std::uint32_t status = 0;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::string detail{};  ///< the reason, unless it was answered
    Duration time{};       ///< from the call of handle() to the answer
};

/// Gives requests to one plugin, one after another, without a gateway: through the worker's own
/// PluginHost, with its rules, deadlines and cancels.
/// Thread: main, which also runs the handlers, so that a debugger shows one plain stack. A thread
/// of its own cancels.
class Invoker {
  public:
    /// As a gateway does: at the deadline the request is cancelled. So long may it then still hold
    /// its handler.
    static constexpr Duration kGrace = std::chrono::seconds(1);

    /// Throws PluginError or ConfigError. `on_stuck` is called, on another thread, when a handler
    /// has not returned kGrace after its deadline; it must not return.
    Invoker(std::unique_ptr<PluginLibrary> library, PluginConfig config,
            std::function<void()> on_stuck);
    ~Invoker();
    Invoker(const Invoker&) = delete;
    Invoker& operator=(const Invoker&) = delete;

    /// `cancel_after` is from the call of handle().
    Invocation Call(const RequestFile& request, Duration timeout,
                    std::optional<Duration> cancel_after);

  private:
    RequestRecord& FreeRecord();
    std::optional<ReplyItem> WaitForReply(const RequestRecord& record, TimePoint until);
    void Watch();

    std::unique_ptr<PluginLibrary> library_;
    const std::function<void()> on_stuck_;
    Wakeup wakeup_;
    FinishedInbox finished_{wakeup_};
    std::unique_ptr<PluginHost> host_;
    Lease lease_;
    /// The last is used again, unless it timed out: then the plugin may still answer it.
    std::vector<std::unique_ptr<RequestRecord>> records_;
    bool last_is_free_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    RequestRecord* watched_ = nullptr;
    TimePoint cancel_at_;
    TimePoint stuck_at_;
    bool ending_ = false;
    std::thread watch_;
};

}  // namespace holdfast::worker
