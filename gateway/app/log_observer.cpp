#include "gateway/app/log_observer.h"

#include <cstring>

#include "gateway/log/request_lines.h"

namespace holdfast::gateway::app {

void LogObserver::OnAccess(const AccessRecord& record) {
    log::WriteAccess(log_, record);
}

void LogObserver::OnFailure(const FailureRecord& record) {
    log::WriteFailure(log_, record);
}

void LogObserver::OnAcceptFailure(int error) {
    log_.WriteFolded(log::Level::kError, "accept", "cannot accept connections, resting a moment",
                     {{"error", std::strerror(error)}});
}

void LogObserver::OnHandshakeFailure(std::string_view client, std::string_view reason) {
    log_.WriteFolded(log::Level::kInfo, "handshake", "a TLS handshake failed",
                     {{"client", client}, {"reason", reason}});
}

void LogObserver::OnException(std::string_view what) {
    log_.WriteFolded(log::Level::kError, "exception", "a connection was closed: it threw",
                     {{"what", what}});
}

void LogObserver::OnBus(BusLogLevel level, std::string_view line) {
    switch (level) {
        case BusLogLevel::kInfo:
            log_.Write(log::Level::kInfo, line);
            break;
        case BusLogLevel::kWarn:
            log_.Write(log::Level::kWarn, line);
            break;
        case BusLogLevel::kError:
            log_.Write(log::Level::kError, line);
            break;
    }
}

}  // namespace holdfast::gateway::app
