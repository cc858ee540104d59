#pragma once

#include <holdfast/worker/plugin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

/// One request as a test writes it down.
struct RequestSpec {
    std::string service = "test";
    std::string route = "/";
    std::string method = "POST";
    std::string target = "/";
    std::string idempotency_key{};
    std::string body{};
    FieldList parameters{};
    FieldList headers{};
    FieldList attributes{};
    std::uint64_t correlation_id = 0x1234;
    std::uint32_t attempt = 1;
    std::chrono::nanoseconds remaining = std::chrono::seconds(5);
};

/// How a request was answered.
struct Answer {
    bool failed = false;
    std::uint32_t status = 0;
    std::uint32_t flags = 0;
    FieldList headers{};
    std::string body{};
    std::string detail{};  ///< the reason when it failed

    bool not_processed() const { return (flags & HOLDFAST_REPLY_NOT_PROCESSED) != 0; }
    std::optional<std::string> Header(std::string_view name) const;
};

/// The host's side of plugin.h in memory: gives requests to one plugin and keeps what it answers.
/// Every request lives until this object ends, so that a plugin that breaks the rules is caught by
/// the sanitizers and not by this fake.
/// Thread: any.
class FakeHost {
  public:
    explicit FakeHost(const holdfast_plugin_v1* plugin);
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    /// False with the reason in error().
    bool Create(std::string_view config);
    void Destroy();
    const std::string& error() const { return error_; }

    /// Calls handle() on this thread; returns the request's number for what follows.
    std::uint64_t Send(RequestSpec spec);
    /// Waits (bounded) until that request has been answered.
    Answer Wait(std::uint64_t number);
    std::optional<Answer> Poll(std::uint64_t number);
    /// Send and Wait.
    Answer Ask(RequestSpec spec) { return Wait(Send(std::move(spec))); }
    void Cancel(std::uint64_t number);

    int refused_answers() const;     ///< answers to what was answered already
    int released_callbacks() const;  ///< cancel callbacks given back
    std::vector<std::string> logs() const;

  private:
    struct Pending;
    /// The C structure and the object behind it; the functions get the former.
    struct Face {
        holdfast_host_v1 abi{};
        FakeHost* self = nullptr;
    };
    static FakeHost& Self(const holdfast_host_v1* host);
    static void Log(const holdfast_host_v1*, holdfast_log_level, const char*, int, holdfast_span);
    static holdfast_result Reply(const holdfast_host_v1*, holdfast_responder,
                                 const holdfast_reply_v1*);
    static holdfast_result Fail(const holdfast_host_v1*, holdfast_responder, holdfast_span);
    static std::int64_t RemainingNs(const holdfast_host_v1*, holdfast_responder);
    static int Cancelled(const holdfast_host_v1*, holdfast_responder);
    static holdfast_result OnCancel(const holdfast_host_v1*, holdfast_responder, void (*)(void*),
                                    void (*)(void*), void*);
    holdfast_result Finish(holdfast_responder responder, Answer answer);

    Face face_;
    const holdfast_plugin_v1* plugin_;
    void* instance_ = nullptr;
    std::string error_;
    std::string config_;

    mutable std::mutex mutex_;
    std::condition_variable answered_;
    std::deque<std::unique_ptr<Pending>> pending_;  ///< by number
    std::vector<std::string> logs_;
    int refused_answers_ = 0;
    int released_callbacks_ = 0;
};

}  // namespace holdfast::test
