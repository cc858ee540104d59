#pragma once

#include <holdfast/worker/plugin.hpp>
#include <holdfast/worker/plugin_library.hpp>
#include <holdfast/worker/reply_rules.hpp>
#include <holdfast/worker/testing/held_request.hpp>
#include <holdfast/worker/testing/request_spec.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::worker::testing {

struct LogLine {
    LogLevel level;
    std::string file;
    int line;
    std::string text;
};

class TestHost;

/// A request that was given to the plugin. Cheap to copy; valid as long as its TestHost.
class Sent {
  public:
    Sent(TestHost& host, std::size_t index) : host_(&host), index_(index) {}

    bool Answered() const { return Poll().has_value(); }
    /// The answer, if it has come.
    std::optional<Answer> Poll() const;
    /// Waits for the answer, in real time; throws std::runtime_error after kPatience.
    Answer Wait() const;
    /// The client has gone. A cancel callback runs within this call.
    void Cancel() const;

  private:
    TestHost* host_;
    std::size_t index_;
};

/// The worker's side of plugin.h in memory: gives requests to one plugin, without a gateway, and
/// keeps what it answers. Replies pass the worker's own rules. Deadlines are on a clock that only
/// Advance() moves. A request's memory is gone once it is answered, as in the worker, so that
/// AddressSanitizer sees a plugin that reads it later.
///
/// What the plugin does against its contract is noted: see Violations().
///
/// Thread: any, several at once; made and ended on one.
class TestHost {
  public:
    static constexpr std::chrono::seconds kPatience{10};

    /// Creates the plugin's instance. Throws PluginError with the reason when it refuses.
    explicit TestHost(const holdfast_plugin_v1& plugin, std::string config = {})
        : plugin_(&plugin), config_(std::move(config)) {
        const std::string problem = CheckPlugin(plugin_, "under test");
        if (!problem.empty()) throw PluginError(problem);
        Begin();
    }
    /// Loads it from a shared object, as the worker does. Throws PluginError.
    explicit TestHost(const std::string& file, std::string config = {})
        : library_(file), plugin_(&library_->plugin()), config_(std::move(config)) {
        Begin();
    }
    /// One of a class that is linked to the test: TestHost host = TestHost::For<Quote>();
    template <typename Class>
    static TestHost For(std::string config = {}) {
        static constexpr const char* kServices[] = {"test"};
        static constexpr holdfast_plugin_v1 kPlugin = Describe<Class>("test", "0", kServices, 1);
        return TestHost(kPlugin, std::move(config));
    }
    ~TestHost() { End(); }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    /// Calls handle() on this thread and returns when it does.
    Sent Send(RequestSpec spec) {
        const std::size_t index = Hold(std::move(spec));
        Handle(index);
        return {*this, index};
    }
    /// Calls handle() on a thread of its own, for handlers that block.
    Sent Start(RequestSpec spec) {
        const std::size_t index = Hold(std::move(spec));
        const std::lock_guard lock(mutex_);
        threads_.emplace_back([this, index] { Handle(index); });
        return {*this, index};
    }
    /// Sends and waits for the answer.
    Answer Ask(RequestSpec spec) { return Send(std::move(spec)).Wait(); }

    /// Moves the clock that deadlines are on; it starts at zero and never moves by itself.
    void Advance(std::chrono::nanoseconds time) {
        const std::lock_guard lock(mutex_);
        now_ += time;
    }
    /// What the gateway would take; kDefaultMaxReplyBytes unless a test says otherwise.
    void LimitReplies(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        max_reply_bytes_ = bytes;
    }

    /// Cancels what is unanswered, waits until every handle() has returned, and destroys the
    /// plugin. What is unanswered then is failed. A handler that does not return within kPatience
    /// ends the test program with a line that says so. May be called again.
    void End();

    /// What the plugin did against its contract so far: answered twice, or after destroy, or not at
    /// all (known after End()), a reply that breaks the rules, an exception out of the interface.
    std::vector<std::string> Violations() const {
        const std::lock_guard lock(mutex_);
        return violations_;
    }
    std::vector<LogLine> logs() const {
        const std::lock_guard lock(mutex_);
        return logs_;
    }

  private:
    friend class Sent;
    /// Not zero: a responder that was never set names no request.
    static constexpr std::uint64_t kFirstToken = 0x7e570000;
    /// The C structure and the object behind it; the functions get the former.
    struct Face {
        holdfast_host_v1 abi{};
        TestHost* self = nullptr;
    };

    void Begin();
    std::size_t Hold(RequestSpec spec);
    void Handle(std::size_t index);
    void Cancel(std::size_t index);
    holdfast_result Finish(holdfast_responder responder, Answer answer, const char* what);
    static holdfast_responder TokenOf(std::size_t index) { return {kFirstToken + index}; }
    /// Under the lock. nullptr for a token that names no request.
    HeldRequest* Find(holdfast_responder responder) {
        const std::uint64_t index = responder.value - kFirstToken;
        return index < requests_.size() ? requests_[index].get() : nullptr;
    }
    void Note(std::string violation) {
        const std::lock_guard lock(mutex_);
        violations_.push_back(std::move(violation));
    }

    static TestHost& Self(const holdfast_host_v1* host) {
        // `abi` is the first member of the standard-layout Face.
        return *reinterpret_cast<const Face*>(host)->self;
    }
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

    std::optional<PluginLibrary> library_;
    const holdfast_plugin_v1* plugin_;
    const std::string config_;
    Face face_;
    void* instance_ = nullptr;

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::condition_variable changed_;
    std::deque<std::unique_ptr<HeldRequest>> requests_;
    std::vector<std::thread> threads_;
    std::size_t handling_ = 0;
    bool ended_ = false;
    std::chrono::nanoseconds now_{0};
    std::uint64_t max_reply_bytes_ = kDefaultMaxReplyBytes;
    std::vector<LogLine> logs_;
    std::vector<std::string> violations_;
};

}  // namespace holdfast::worker::testing

#include <holdfast/worker/testing/test_host_impl.hpp>
