#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worker/core/worker.h"
#include "worker/runtime/address.h"
#include "worker/runtime/curve_keys.h"
#include "worker/runtime/plugin_host.h"
#include "worker/runtime/process_facts.h"

namespace holdfast::worker {

struct RuntimeOptions {
    std::string plugin;
    PluginConfig plugin_config;
    std::vector<Address> gateways;
    std::size_t threads = 4;
    WorkerOptions rules;
    std::string health_file;
    RecordOptions record;
    std::optional<ProcessFacts> process{};  ///< under a supervisor
    /// Called on the loop when the first gateway has welcomed this worker; must not block.
    std::function<void()> on_welcomed{};
    /// For `holdfastctl describe`, beside the rules.
    std::vector<std::pair<std::string, std::string>> settings{};
    std::shared_ptr<const CurveKeys> curve;  ///< null: the leg is plain
};

/// A whole worker: plugin, handler threads, loop.
/// Thread: main makes, runs and ends it; RequestDrain and SetCurveKeys from any.
class Runtime {
  public:
    /// Loads and starts the plugin; throws PluginError, ConfigError, or std::runtime_error when it
    /// cannot record.
    explicit Runtime(const RuntimeOptions& options);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// Serves until RequestDrain has done its work.
    DrainState Run();
    void RequestDrain();
    /// For new connections. Only where the leg is encrypted. Not after RequestDrain.
    void SetCurveKeys(std::shared_ptr<const CurveKeys> keys);
    /// Waits until no thread is inside the plugin. False when `patience` passed first: then this
    /// object cannot be destroyed, and the process must end without it.
    bool WaitForHandlers(Duration patience);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace holdfast::worker
