#pragma once

#include <holdfast/worker/plugin_library.hpp>
#include <holdfast/worker/reply_rules.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "worker/core/request_record.h"
#include "worker/runtime/handler_pool.h"
#include "worker/runtime/recorder.h"
#include "worker/runtime/responder_table.h"

namespace holdfast::worker {

/// What the worker was started with for its plugin.
struct PluginConfig {
    std::string text{};
    std::string name = "--plugin-config";  ///< stands before line and column in errors
};

/// The plugin's instance and what plugin.h promises it: answers from any thread, exactly once,
/// cancels. A plugin that breaks its side of the contract is told so and logged; the process lives,
/// even when the plugin calls the host after it has been destroyed, as long as this object does.
///
/// Owner: main, which makes and ends it. Thread: Handle from the handlers, Prepare and Cancel
/// from the loop; the C functions from any.
class PluginHost {
  public:
    /// Throws PluginError when the plugin refuses to start, and ConfigError before that when the
    /// config does not fit its options. `plugin` and `finished` outlive the call of End().
    PluginHost(const holdfast_plugin_v1& plugin, PluginConfig config, std::size_t max_requests,
               FinishedInbox& finished);
    ~PluginHost();
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    /// From now on, every request that is handled is given to `recorder`, which outlives the
    /// handlers. Before the first request.
    void RecordTo(Recorder* recorder) { recorder_ = recorder; }
    /// Destroys the plugin's instance; what it calls afterwards is logged and refused. Once. The
    /// handlers have ended, and every request has been cancelled or answered.
    void End();

    /// Before a request is handed to the threads. False: there is no room for it.
    [[nodiscard]] bool Prepare(RequestRecord& record) { return responders_.Prepare(record); }
    void Handle(RequestRecord& record);
    void Cancel(const RequestRecord& record);

  private:
    /// The C structure and the object behind it: the functions get the former.
    struct Face {
        holdfast_host_v1 abi{};
        PluginHost* self = nullptr;
    };
    static PluginHost& Self(const holdfast_host_v1* host);
    static void Log(const holdfast_host_v1* host, holdfast_log_level level, const char* file,
                    int line, holdfast_span text);
    static holdfast_result Reply(const holdfast_host_v1* host, holdfast_responder responder,
                                 const holdfast_reply_v1* reply);
    static holdfast_result Fail(const holdfast_host_v1* host, holdfast_responder responder,
                                holdfast_span reason);
    static std::int64_t RemainingNs(const holdfast_host_v1* host, holdfast_responder responder);
    static int Cancelled(const holdfast_host_v1* host, holdfast_responder responder);
    static holdfast_result OnCancel(const holdfast_host_v1* host, holdfast_responder responder,
                                    void (*callback)(void*), void (*release)(void*), void* context);

    holdfast_result Answer(holdfast_responder responder, const ReplyReading& reading);
    holdfast_result FailNow(holdfast_responder responder, std::string_view reason);
    void RunCancelCallbacks();

    std::string Who() const { return "plugin " + name_; }

    const holdfast_plugin_v1& plugin_;
    const std::string name_;
    const PluginConfig config_;
    FinishedInbox& finished_;
    Recorder* recorder_ = nullptr;
    ResponderTable responders_;
    Face face_;
    void* instance_ = nullptr;
    std::atomic<bool> ended_{false};

    std::mutex mutex_;
    std::condition_variable wanted_;
    std::deque<holdfast_responder> cancels_;  ///< guarded by mutex_; one for each request at most
    bool stopping_ = false;                   ///< guarded by mutex_
    std::thread cancel_thread_;               ///< runs the plugin's cancel callbacks
};

/// Ends the plugin, and keeps both as long as the process: a thread that the plugin has left
/// behind, against its contract, runs the library's code and may call the host.
void EndAndKeep(std::unique_ptr<PluginLibrary> library, std::unique_ptr<PluginHost> host);

}  // namespace holdfast::worker
