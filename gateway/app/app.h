#pragma once

#include <memory>
#include <optional>

#include "gateway/app/signals.h"
#include "gateway/config/config.h"
#include "gateway/log/log.h"

namespace holdfast::gateway::app {

/// The running gateway: makes the parts, joins them, and takes them down in order.
///
/// Thread: main's. `Run` blocks until the gateway has ended. SIGHUP reads the workers' keys and the
/// data port's certificate anew.
class App {
  public:
    /// Throws std::exception with one clear line when a part cannot be had (a port is taken).
    App(const config::LoadedConfig& loaded, Signals& signals, log::Log& log);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Serves until a signal or the ops port asks for a drain, drains, and returns the exit code:
    /// 0 drained, 128 + N for a second signal N, which ends the process at once.
    int Run();

  private:
    struct Parts;
    void Reload();
    void ReloadWorkerKeys();
    std::optional<int> Drain();
    std::optional<int> WaitForQuiet(Duration patience);

    const config::Config config_;
    Signals& signals_;
    log::Log& log_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace holdfast::gateway::app
