#pragma once

#include <holdfast/worker/plugin.hpp>

#include "worker/plugins/orders/settings.h"
#include "worker/plugins/orders/store.h"

namespace holdfast::orders {

/// The service `orders`: POST /v1/orders places an order, GET /v1/orders/{id} finds one.
/// Thread: Handle() is called from several at once; each call holds its thread for the time of its
/// transaction.
class OrderHandler : public worker::Plugin {
  public:
    static constexpr const auto& kConfig = kConfigSchema;

    /// Opens the database. Throws when the config or the file is not usable.
    explicit OrderHandler(const worker::Config& config)
        : OrderHandler(Settings(config), &std::chrono::system_clock::now) {}
    OrderHandler(const Settings& settings, OrderStore::Clock clock);

    Reply Handle(const Request& request) override;

  private:
    Reply Place(const Request& request);
    Reply Find(const Request& request, std::string_view id);
    Patience PatienceFor(const Request& request) const;

    const std::chrono::milliseconds busy_timeout_;
    OrderStore store_;
};

}  // namespace holdfast::orders
