#include "gateway/app/certificate.h"

#include <ctime>
#include <exception>
#include <string>
#include <utility>

namespace holdfast::gateway::app {
namespace {

constexpr std::chrono::days kWarnBefore{14};

http::TlsOptions OptionsOf(const config::Tls& tls) {
    return {.certificate = tls.certificate,
            .key = tls.key,
            .client_ca = tls.client_ca,
            .min_version = tls.min_version == config::TlsVersion::k13 ? http::TlsVersion::k13
                                                                      : http::TlsVersion::k12};
}

std::string DateOf(std::chrono::sys_seconds time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::string text(32, '\0');
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
    return text;
}

std::optional<std::string> EndWarning(const std::string& file, std::chrono::sys_seconds expires) {
    const auto now = std::chrono::system_clock::now();
    if (expires - now > kWarnBefore) return std::nullopt;
    return file + ": the certificate " + (expires > now ? "expires soon: " : "has expired: ") +
           DateOf(expires);
}

}  // namespace

Certificate::Certificate(const config::Tls& config, log::Log& log) : config_(config), log_(log) {
    if (!config.certificate.empty()) {
        Take(std::make_shared<const http::TlsContext>(OptionsOf(config)));
    }
}

void Certificate::Take(std::shared_ptr<const http::TlsContext> context) {
    context_ = std::move(context);
    expires_ = context_->expires().time_since_epoch().count();
    for (const std::string& warning : context_->warnings()) Warn(warning);
    WarnOfEnd();
}

void Certificate::Reload(http::Server& server) {
    if (context_ == nullptr) return;
    try {
        Take(std::make_shared<const http::TlsContext>(OptionsOf(config_)));
        server.SetTls(context_);
        log_.Write(log::Level::kInfo, "the data port's certificate was reloaded",
                   {{"expires", DateOf(context_->expires())}});
    } catch (const std::exception& error) {
        log_.Write(log::Level::kError, "the data port's certificate stays as it was",
                   {{"error", error.what()}});
    }
}

void Certificate::WarnOfEnd() const {
    const auto expires = Expires();
    if (!expires) return;
    if (const auto warning = EndWarning(config_.certificate, *expires)) Warn(*warning);
}

void Certificate::Warn(std::string_view warning) const {
    log_.Write(log::Level::kWarn, "TLS of the data port", {{"warning", warning}});
}

std::optional<std::chrono::sys_seconds> Certificate::Expires() const {
    if (config_.certificate.empty()) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(expires_.load()));
}

std::vector<std::string> CertificateWarnings(const config::Tls& config) {
    const http::TlsContext context(OptionsOf(config));
    std::vector<std::string> warnings = context.warnings();
    if (auto end = EndWarning(config.certificate, context.expires())) {
        warnings.push_back(std::move(*end));
    }
    return warnings;
}

}  // namespace holdfast::gateway::app
