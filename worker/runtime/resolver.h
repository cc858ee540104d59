#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "worker/runtime/address.h"
#include "worker/runtime/wakeup.h"

namespace holdfast::worker {

/// Finds all addresses behind the gateways' names, again every few seconds. libzmq itself would
/// take only the first one, and resolve on its I/O thread. A name that cannot be resolved just now
/// keeps the addresses that it had.
///
/// Thread: the loop. The thread that asks is detached: getaddrinfo may hang for long, and a worker
/// that ends must not wait for it.
class Resolver {
  public:
    /// Starts nothing when `names` is empty.
    Resolver(std::vector<Address> names, std::shared_ptr<Wakeup> wakeup);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// All endpoints there are now, sorted, each once; nothing when unchanged since asked last.
    std::optional<std::vector<std::string>> TakeChange();

  private:
    struct Shared;
    static void Work(const std::shared_ptr<Shared>& shared);

    std::shared_ptr<Shared> shared_;
};

}  // namespace holdfast::worker
