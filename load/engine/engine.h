#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "load/flow/flow.h"
#include "load/flow/journey.h"
#include "load/result/clock.h"
#include "load/result/interval.h"
#include "load/truth/ledger.h"

namespace holdfast::load {

/// The target cannot be used at all: no such host, nothing listens, a certificate that is wrong.
/// One line that says where and what to do.
struct TargetError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// This machine cannot hold what one process was asked to: one line that says what is short and how
/// to do with it (more processes, another limit).
struct LimitError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Where the load goes: http://host:port or https://host:port, optionally with a path that goes in
/// front of every step's.
struct Target {
    std::string url;
    std::string ca_file;    ///< https: trust these instead of the system's
    bool insecure = false;  ///< https: do not verify
};

struct EngineOptions {
    Target target;
    LoadProfile load;  ///< this process's share: rates, users and connections already divided
    RunIdentity identity;
    TimePoint start;  ///< of the first planned send; the same in all processes
    Duration drain =
        std::chrono::seconds(10);  ///< after the last planned send, for what is in flight
    bool checks = true;  ///< false: only status lines are looked at, for measuring the generator
    bool keep_alive = true;
    Ledger* ledger = nullptr;  ///< may be null
    /// Each second's interval, and a last one after the drain. Called on the engine's thread.
    std::function<void(const Interval&)> on_interval;
    /// May be empty. Otherwise one user goes once through the flow, whatever `load` says, and each
    /// request (direction ">") and response ("<", a chunked body joined) is handed over as text.
    std::function<void(std::string_view direction, std::string_view bytes)> trace;
};

/// Generates load from one thread. Plans sends by the clock (open loop), each journey on the first
/// free connection; when none is free the planned time stands, and the wait counts. Thread: Run's;
/// Stop from any thread and from signal handlers.
class Engine {
  public:
    /// Throws FlowError, TargetError, LimitError (more connections than descriptors).
    Engine(const Flow& flow, EngineOptions options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Connects once, to see that the target is there, without sending anything. Throws
    /// TargetError.
    void Probe();
    /// Until the profile's end and the drain, or Stop. Throws nothing that depends on the server.
    void Run();
    /// Ends the run early: what is in flight is given `drain`, nothing new is sent.
    void Stop() noexcept;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace holdfast::load
