#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/core/mutex.h"

// OpenSSL's own type, so that its headers stay in two files.
extern "C" {
struct ssl_ctx_st;
}

namespace holdfast::gateway::http {

enum class TlsVersion : std::uint8_t { k12, k13 };

struct TlsOptions {
    std::string
        certificate{};  ///< PEM file: the server's certificate, then those that lead to its CA
    std::string key{};  ///< PEM file, without a passphrase
    std::string
        client_ca{};  ///< PEM file: who may sign the clients' certificates; empty: any client
    TlsVersion min_version = TlsVersion::k12;
};

/// What all TLS connections of a certificate share. Sessions cannot be resumed and there is no
/// early data, so a connection leaves nothing behind, and no key lives longer than its connection.
///
/// Thread: any; it does not change. A connection keeps what it needs of it.
class TlsContext {
  public:
    /// Reads the files. Throws std::runtime_error, "FILE: what is wrong".
    explicit TlsContext(const TlsOptions& options);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* native() const { return context_.get(); }
    /// When the certificate's validity ends.
    std::chrono::sys_seconds expires() const { return expires_; }
    /// "FILE: what is doubtful", of files that can be used all the same.
    const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };

    void SetRules(TlsVersion min_version);
    void UseCertificate(const std::string& file);
    void UseKey(const std::string& file, const std::string& certificate_file);
    void AskForClientCertificates(const std::string& ca_file);

    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::chrono::sys_seconds expires_{};
    std::vector<std::string> warnings_;
};

/// The certificate that new connections get, which may be replaced at any time.
///
/// Thread: any.
class TlsCell {
  public:
    explicit TlsCell(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}

    std::shared_ptr<const TlsContext> Get() const {
        const MutexLock lock(mutex_);
        return context_;
    }
    void Set(std::shared_ptr<const TlsContext> context) {
        const MutexLock lock(mutex_);
        context_.swap(context);
    }

  private:
    mutable Mutex mutex_;
    std::shared_ptr<const TlsContext> context_ HOLDFAST_GUARDED_BY(mutex_);
};

}  // namespace holdfast::gateway::http
