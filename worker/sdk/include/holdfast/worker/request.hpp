#pragma once

#include <holdfast/worker/plugin.h>
#include <holdfast/worker/span.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::worker {

enum class LogLevel {
    kDebug = HOLDFAST_LOG_DEBUG,
    kInfo = HOLDFAST_LOG_INFO,
    kWarning = HOLDFAST_LOG_WARNING,
    kError = HOLDFAST_LOG_ERROR,
};

/// The program that loaded the plugin. Cheap to copy; valid until the plugin is destroyed.
/// Thread: any.
class Host {
  public:
    Host(const holdfast_host_v1* host, holdfast_span config) : host_(host), config_(config) {}

    /// The text that the worker was started with for this plugin; may be empty.
    std::string_view config() const { return View(config_); }

    /// Writes one line to the worker's log, with the caller's file and line.
    void Log(LogLevel level, std::string_view text, const char* file = __builtin_FILE(),
             int line = __builtin_LINE()) const noexcept {
        host_->log(host_, static_cast<holdfast_log_level>(level), file, line, Span(text));
    }
    const holdfast_host_v1* get() const { return host_; }

  private:
    const holdfast_host_v1* host_;
    holdfast_span config_;
};

/// Headers, path parameters or attributes: a view, valid as long as the request.
class Fields {
  public:
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    explicit Fields(holdfast_fields fields) : fields_(fields) {}

    std::size_t size() const { return fields_.count; }
    Field operator[](std::size_t index) const {
        const holdfast_field& field = fields_.items[index];
        return {View(field.name), View(field.value)};
    }
    /// The first value of exactly that name, if there is one.
    std::optional<std::string_view> Find(std::string_view name) const {
        for (std::size_t i = 0; i < fields_.count; ++i) {
            if (View(fields_.items[i].name) == name) return View(fields_.items[i].value);
        }
        return std::nullopt;
    }

  private:
    holdfast_fields fields_;
};

/// A view of one request, cheap to copy. Everything it gives is valid until the request has been
/// answered; Remaining() and Cancelled() may be asked after that, too.
/// Thread: any, several at once.
class Request {
  public:
    Request(const holdfast_host_v1* host, const holdfast_request_v1* request,
            holdfast_responder responder)
        : host_(host), request_(request), responder_(responder) {}

    std::uint64_t correlation_id() const { return request_->correlation_id; }
    /// Counts from 1. Above 1 the worker before was lost with it, and may have processed it, or
    /// handed it back unstarted.
    std::uint32_t attempt() const { return request_->attempt; }
    std::string_view service() const { return View(request_->service); }
    /// The pattern that matched, such as /v1/orders/{id}.
    std::string_view route() const { return View(request_->route); }
    std::string_view method() const { return View(request_->method); }
    std::string_view target() const { return View(request_->target); }
    /// Empty when the client sent none.
    std::string_view idempotency_key() const { return View(request_->idempotency_key); }
    std::string_view body() const { return View(request_->body); }
    Fields parameters() const { return Fields(request_->parameters); }
    Fields headers() const { return Fields(request_->headers); }
    Fields attributes() const { return Fields(request_->attributes); }

    std::optional<std::string_view> Parameter(std::string_view name) const {
        return parameters().Find(name);
    }
    /// `name` in lower case.
    std::optional<std::string_view> Header(std::string_view name) const {
        return headers().Find(name);
    }
    /// What the gateway added, such as orderId.
    std::optional<std::string_view> Attribute(std::string_view name) const {
        return attributes().Find(name);
    }

    /// The name for `host` functions of plugin.h that this face does not offer.
    holdfast_responder token() const { return responder_; }

    /// Until nobody waits for the answer any more; zero from then on.
    std::chrono::nanoseconds Remaining() const {
        return std::chrono::nanoseconds(host_->remaining_ns(host_, responder_));
    }
    bool Expired() const { return Remaining().count() <= 0; }
    bool Cancelled() const { return host_->cancelled(host_, responder_) != 0; }

    /// Runs `callback` when the request is cancelled: at most once, on a thread of the host, or at
    /// once when it is cancelled already. False when it never will: the request was answered, or
    /// has a callback already.
    bool OnCancel(std::function<void()> callback) const {
        auto held = std::make_unique<Callback>(Callback{host_, std::move(callback)});
        return host_->on_cancel(host_, responder_, &RunCallback, &ReleaseCallback,
                                held.release()) == HOLDFAST_OK;
    }

  private:
    struct Callback {
        const holdfast_host_v1* host;
        std::function<void()> run;
    };
    static void RunCallback(void* context) noexcept {
        auto* callback = static_cast<Callback*>(context);
        try {
            callback->run();
        } catch (const std::exception& error) {
            Host(callback->host, {}).Log(LogLevel::kError, error.what());
        } catch (...) {
            Host(callback->host, {}).Log(LogLevel::kError, "a cancel callback threw");
        }
    }
    static void ReleaseCallback(void* context) noexcept {
        std::unique_ptr<Callback>(static_cast<Callback*>(context));
    }

    const holdfast_host_v1* host_;
    const holdfast_request_v1* request_;
    holdfast_responder responder_;
};

}  // namespace holdfast::worker
