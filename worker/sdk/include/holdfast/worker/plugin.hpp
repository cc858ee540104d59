#pragma once

/// The C++ face of plugin.h. A whole plugin:
///
///     class Hello : public holdfast::worker::Plugin {
///         Reply Handle(const Request& request) override {
///             return {.body = "hello " + std::string(request.Parameter("name").value_or("you"))};
///         }
///     };
///     HOLDFAST_PLUGIN(Hello, "hello", "1.0", "hello")
///
/// The class is made once per load, from a `const Host&` if it has such a constructor. Exceptions
/// become a 502 at the gateway, with their text in the worker's log; none crosses the C boundary.
///
/// A class with `static constexpr ConfigSchema kConfig{Option::Integer(...), ...};` is made, after
/// its config has been checked, from a `const Host&` and a `const Config&`, or from the latter.

#include <holdfast/worker/config.hpp>
#include <holdfast/worker/responder.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>

namespace holdfast::worker {

/// A plugin that may answer later. Thread: HandleAsync() is called from several at once.
class AsyncPlugin {
  public:
    AsyncPlugin() = default;
    virtual ~AsyncPlugin() = default;
    AsyncPlugin(const AsyncPlugin&) = delete;
    AsyncPlugin& operator=(const AsyncPlugin&) = delete;

    /// Answers through `responder`, now or later, from any thread; `request` is valid until then.
    virtual void HandleAsync(Request request, Responder responder) = 0;
};

/// A plugin that answers before it returns. Thread: Handle() is called from several at once.
class Plugin : public AsyncPlugin {
  public:
    using Reply = worker::Reply;
    using Request = worker::Request;

    virtual Reply Handle(const Request& request) = 0;

    void HandleAsync(Request request, Responder responder) final {
        responder.Answer(Handle(request));
    }
};

namespace detail {

struct Instance {
    Host host;
    std::unique_ptr<AsyncPlugin> plugin;
};

inline void CopyReason(std::string_view reason, char* error, std::size_t error_size) noexcept {
    if (error == nullptr || error_size == 0) return;
    const std::size_t length = std::min(reason.size(), error_size - 1);
    std::memcpy(error, reason.data(), length);
    error[length] = '\0';
}

template <typename Class>
concept Configurable = requires {
    Class::kConfig.options.size();
};

/// As the C structure wants them: pointers to the options, which are static.
template <Configurable Class>
inline constexpr auto kOptionPointers = [] {
    std::array<const holdfast_option_v1*, Class::kConfig.options.size()> pointers{};
    for (std::size_t i = 0; i < pointers.size(); ++i) pointers[i] = &Class::kConfig.options[i].abi;
    return pointers;
}();

template <typename Class>
std::unique_ptr<AsyncPlugin> Make([[maybe_unused]] const Host& host) {
    if constexpr (Configurable<Class>) {
        const Config config(Class::kConfig, host.config());
        if constexpr (std::is_constructible_v<Class, const Host&, const Config&>) {
            return std::make_unique<Class>(host, config);
        } else {
            return std::make_unique<Class>(config);
        }
    } else if constexpr (std::is_constructible_v<Class, const Host&>) {
        return std::make_unique<Class>(host);
    } else {
        return std::make_unique<Class>();
    }
}

template <typename Class>
void* Create(const holdfast_host_v1* host, holdfast_span config, char* error,
             std::size_t error_size) noexcept {
    try {
        const Host face(host, config);
        auto instance = std::make_unique<Instance>(Instance{face, Make<Class>(face)});
        return instance.release();
    } catch (const std::exception& failure) {
        CopyReason(failure.what(), error, error_size);
    } catch (...) {
        CopyReason("the plugin's constructor threw", error, error_size);
    }
    return nullptr;
}

/// An exception with `reason` left the handler: it answers the request unless the Responder has
/// been handed on before the throw, to somebody who still may answer.
inline void EndFrame(const Frame& frame, const Host& host, holdfast_responder responder,
                     std::string_view reason) noexcept {
    if (frame.dropped) {
        host.get()->fail(host.get(), responder, Span(reason));
    } else {
        host.Log(LogLevel::kError, reason);
    }
}

inline void Handle(void* raw, const holdfast_request_v1* request,
                   holdfast_responder responder) noexcept {
    Instance& instance = *static_cast<Instance*>(raw);
    const holdfast_host_v1* host = instance.host.get();
    Frame frame(responder);
    try {
        instance.plugin->HandleAsync(Request(host, request, responder), Responder(host, responder));
        // The handler swallowed the exception that destroyed its Responder.
        if (frame.dropped) {
            EndFrame(frame, instance.host, responder, "the plugin dropped the request unanswered");
        }
    } catch (const std::exception& failure) {
        EndFrame(frame, instance.host, responder, failure.what());
    } catch (...) {
        EndFrame(frame, instance.host, responder, "the handler threw no std::exception");
    }
}

inline void Destroy(void* raw) noexcept {
    std::unique_ptr<Instance>(static_cast<Instance*>(raw));
}

}  // namespace detail

/// The description that the host reads; used by HOLDFAST_PLUGIN.
template <typename Class>
constexpr holdfast_plugin_v1 Describe(const char* name, const char* version,
                                      const char* const* services, std::size_t service_count) {
    static_assert(std::is_base_of_v<AsyncPlugin, Class>, "derive from Plugin or AsyncPlugin");
    holdfast_plugin_v1 plugin{.abi = HOLDFAST_ABI_INIT,
                              .size = sizeof(holdfast_plugin_v1),
                              .name = name,
                              .version = version,
                              .services = services,
                              .service_count = service_count,
                              .create = &detail::Create<Class>,
                              .handle = &detail::Handle,
                              .destroy = &detail::Destroy,
                              .options = nullptr,
                              .option_count = 0};
    if constexpr (detail::Configurable<Class>) {
        plugin.options = detail::kOptionPointers<Class>.data();
        plugin.option_count = detail::kOptionPointers<Class>.size();
    }
    return plugin;
}

}  // namespace holdfast::worker

/// Exports Class as the plugin `plugin_name`, serving the services named after the version. Once
/// per shared object, at namespace scope.
#define HOLDFAST_PLUGIN(Class, plugin_name, plugin_version, ...)                                \
    extern "C" HOLDFAST_EXPORT const holdfast_plugin_v1* holdfast_plugin(void) {                \
        static constexpr const char* kServices[] = {__VA_ARGS__};                               \
        static constexpr holdfast_plugin_v1 kDescription = ::holdfast::worker::Describe<Class>( \
            plugin_name, plugin_version, kServices, sizeof(kServices) / sizeof(kServices[0]));  \
        return &kDescription;                                                                   \
    }                                                                                           \
    static_assert(true, "a semicolon may follow")
