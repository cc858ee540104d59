#include "worker/plugins/orders/settings.h"

namespace holdfast::orders {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

Settings::Settings(const worker::Config& config)
    : database{.path = config.Text("database"),
               .full_sync = config.Text("synchronous") == "full",
               .max_pages = config.Integer("max_pages")},
      seed(config.Flag("seed")),
      seed_stock(config.Integer("seed_stock")),
      currency(config.Text("currency")),
      tax_rates(config.Integers("tax_rates")),
      key_retention(duration_cast<milliseconds>(config.Duration("idempotency_retention"))),
      busy_timeout(duration_cast<milliseconds>(config.Duration("busy_timeout"))),
      readers(static_cast<std::size_t>(config.Integer("readers"))) {
    // Each connection would have a database of its own in memory.
    if (database.path == ":memory:") config.Refuse("database", "must be the path of a file");
}

Settings ParseSettings(std::string_view text) {
    return Settings(worker::Config(kConfigSchema, text));
}

}  // namespace holdfast::orders
