#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/http/server.h"
#include "gateway/http/tls_context.h"
#include "gateway/log/log.h"

namespace holdfast::gateway::app {

/// The data port's certificate over the life of the gateway: warns of what is doubtful and of its
/// coming end, and replaces it.
///
/// Thread: main's, but for Expires, which any thread may call.
class Certificate {
  public:
    /// How often WarnOfEnd is to be called.
    static constexpr Duration kCheckInterval = std::chrono::hours(24);

    /// Reads the files, where the configuration names any. Throws std::runtime_error, "FILE: what
    /// is wrong".
    Certificate(const config::Tls& config, log::Log& log);

    /// What the server begins with; null: the port is plain.
    std::shared_ptr<const http::TlsContext> context() const { return context_; }

    /// Reads the files anew, for new connections; what cannot be used leaves everything as it is.
    void Reload(http::Server& server);

    /// A line, when the certificate ends within 14 days.
    void WarnOfEnd() const;

    /// When the certificate ends; nothing where the port is plain.
    std::optional<std::chrono::sys_seconds> Expires() const;

  private:
    void Warn(std::string_view warning) const;
    void Take(std::shared_ptr<const http::TlsContext> context);

    const config::Tls& config_;
    log::Log& log_;
    std::shared_ptr<const http::TlsContext> context_;
    std::atomic<std::int64_t> expires_{0};  ///< seconds since the epoch
};

/// What is doubtful about the files of a port that is not plain. Throws std::runtime_error, "FILE:
/// what is wrong".
std::vector<std::string> CertificateWarnings(const config::Tls& config);

}  // namespace holdfast::gateway::app
