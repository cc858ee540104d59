#pragma once

#include <string_view>

#include "gateway/bus/bus.h"
#include "gateway/http/observer.h"
#include "gateway/log/log.h"

namespace holdfast::gateway::app {

/// Writes what the data port and the bus have to say into the log. Any thread.
class LogObserver final : public http::Observer {
  public:
    explicit LogObserver(log::Log& log) : log_(log) {}

    void OnAccess(const AccessRecord& record) override;
    void OnFailure(const FailureRecord& record) override;
    void OnAcceptFailure(int error) override;
    void OnHandshakeFailure(std::string_view client, std::string_view reason) override;
    void OnException(std::string_view what) override;
    void OnBus(BusLogLevel level, std::string_view line);

  private:
    log::Log& log_;
};

}  // namespace holdfast::gateway::app
