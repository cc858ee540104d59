#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "load/truth/file_ledger.h"

namespace holdfast::testing {

struct OrderClientOptions {
    std::vector<std::string> hosts{};    ///< one for each port; empty: 127.0.0.1
    std::vector<std::uint16_t> ports{};  ///< where gateways are reached: clients take any
    std::size_t clients = 8;
    std::chrono::milliseconds pause{20};       ///< between two orders of a client, on average
    std::chrono::milliseconds patience{8000};  ///< with one answer
    std::string ledger;                        ///< file
    std::string run;                           ///< of the ledger; goes into every customer's name
    std::uint64_t seed = 1;
};

/// What the clients were told, by request.
struct OrderTally {
    std::uint64_t requests = 0;
    std::uint64_t created = 0;
    std::uint64_t replayed = 0;       ///< created by an earlier request with the same key
    std::uint64_t not_processed = 0;  ///< Holdfast-Processed: no, or no connection
    std::uint64_t unknown = 0;        ///< 502 and 504 that do not say no
    std::uint64_t cut_off = 0;        ///< no whole answer
    std::uint64_t read = 0;           ///< orders that were created, read back
    std::map<std::string, std::uint64_t> answers{};  ///< by status and outcome
    /// What must not be, whatever fails, in words; at most a few.
    std::vector<std::string> broken_promises{};
    /// The orders that clients were told of: the order's id by its customer and key.
    std::map<std::pair<std::string, std::string>, std::string> told{};
};

/// Clients that create orders, one after the other each, on connections that they keep. Most give
/// an Idempotency-Key and then try again until they are told; the others try again only when they
/// were told that nothing was processed. Each request goes into a ledger. Thread: one; the clients
/// have their own.
class OrderClients {
  public:
    /// They begin at once.
    explicit OrderClients(OrderClientOptions options);
    ~OrderClients();
    OrderClients(const OrderClients&) = delete;
    OrderClients& operator=(const OrderClients&) = delete;

    /// Each client ends the order it is at, which takes at most a few times the patience.
    OrderTally Stop();
    /// So far.
    std::uint64_t created() const;
    /// As OrderTally has them, such as "503 no-worker, processed no".
    std::uint64_t answers(const std::string& answer) const;

  private:
    struct Order {
        std::string customer;
        std::string key;
        std::string body;
    };
    enum class Told : std::uint8_t { kCreated, kNotProcessed, kUnknown, kRefused };

    void Serve(std::size_t index);
    Told Send(httplib::Client& client, const Order& order, std::uint64_t journey);
    Told Judge(const Order& order, const httplib::Result& answer, load::LedgerEntry& entry);
    void ReadBack(httplib::Client& client, const Order& order);
    void Broken(const std::string& text);  ///< guarded by mutex_

    const OrderClientOptions options_;
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    load::FileLedger ledger_;  ///< guarded by mutex_
    OrderTally tally_;         ///< guarded by mutex_
    std::vector<std::thread> clients_;
};

}  // namespace holdfast::testing
