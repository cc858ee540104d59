#include "tests/support/chaos/order_clients.h"

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

namespace holdfast::testing {
namespace {

using load::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::array<const char*, 4> kArticles = {"tea-250", "coffee-500", "mug-blue", "kettle-1l"};
constexpr int kMostTries = 8;
constexpr std::size_t kMostWords = 20;

std::string BodyFor(const std::string& customer, std::mt19937_64& random) {
    nlohmann::json lines = nlohmann::json::array();
    const std::uint64_t first = random();
    const std::uint64_t count = 1 + random() % 3;
    for (std::uint64_t i = 0; i < count; ++i) {
        lines.push_back(
            {{"sku", kArticles[(first + i) % kArticles.size()]}, {"quantity", 1 + random() % 4}});
    }
    return nlohmann::json{{"customer", customer}, {"currency", "EUR"}, {"lines", lines}}.dump();
}

ErrorKind KindOf(httplib::Error error) {
    if (error == httplib::Error::Connection || error == httplib::Error::BindIPAddress) {
        return ErrorKind::kConnect;
    }
    return ErrorKind::kDisconnected;
}

}  // namespace

OrderClients::OrderClients(OrderClientOptions options)
    : options_(std::move(options)), ledger_(options_.ledger, {.run = options_.run}) {
    std::signal(SIGPIPE, SIG_IGN);  // cpp-httplib's client leaves that to its program
    for (std::size_t i = 0; i < options_.clients; ++i) {
        clients_.emplace_back([this, i] { Serve(i); });
    }
}

OrderClients::~OrderClients() {
    Stop();
}

OrderTally OrderClients::Stop() {
    stop_ = true;
    for (std::thread& client : clients_) client.join();
    clients_.clear();
    const std::lock_guard lock(mutex_);
    ledger_.Finish();
    if (ledger_.lost() > 0) Broken("the ledger lost lines: " + ledger_.trouble());
    return tally_;
}

std::uint64_t OrderClients::created() const {
    const std::lock_guard lock(mutex_);
    return tally_.created;
}

std::uint64_t OrderClients::answers(const std::string& answer) const {
    const std::lock_guard lock(mutex_);
    const auto found = tally_.answers.find(answer);
    return found == tally_.answers.end() ? 0 : found->second;
}

void OrderClients::Serve(std::size_t index) {
    std::mt19937_64 random(options_.seed * 1000 + index);
    std::vector<std::unique_ptr<httplib::Client>> entrances;
    for (std::size_t i = 0; i < options_.ports.size(); ++i) {
        const std::string host = options_.hosts.empty() ? "127.0.0.1" : options_.hosts[i];
        auto& client =
            entrances.emplace_back(std::make_unique<httplib::Client>(host, options_.ports[i]));
        client->set_keep_alive(true);
        client->set_tcp_nodelay(true);
        client->set_connection_timeout(options_.patience);
        client->set_read_timeout(options_.patience);
    }
    for (std::uint64_t number = 0; !stop_; ++number) {
        Order order;
        order.customer =
            "load-" + options_.run + "-" + std::to_string(index) + "-" + std::to_string(number);
        if (random() % 4 != 0) order.key = "key-" + order.customer;
        order.body = BodyFor(order.customer, random);
        const std::uint64_t journey = index * 1'000'000 + number;
        for (int tries = 0; tries < kMostTries && !(stop_ && tries > 1); ++tries) {
            httplib::Client& client = *entrances[random() % entrances.size()];
            const Told told = Send(client, order, journey);
            if (told == Told::kCreated && random() % 8 == 0) {
                ReadBack(*entrances[random() % entrances.size()], order);
            }
            // Without a key the same order again would be a second one.
            if (told == Told::kCreated || told == Told::kRefused ||
                (told == Told::kUnknown && order.key.empty())) {
                break;
            }
            std::this_thread::sleep_for(milliseconds(10 + random() % 90));
        }
        const auto pause = static_cast<std::uint64_t>(2 * options_.pause.count() + 1);
        std::this_thread::sleep_for(milliseconds(random() % pause));
    }
}

OrderClients::Told OrderClients::Send(httplib::Client& client, const Order& order,
                                      std::uint64_t journey) {
    httplib::Headers headers;
    if (!order.key.empty()) headers.emplace("Idempotency-Key", order.key);
    load::LedgerEntry entry{.journey = journey,
                            .step = "create",
                            .mark = order.customer,
                            .idempotency_key = order.key,
                            .planned = system_clock::now(),
                            .ended = {},
                            .request_body = order.body,
                            .outcome = {},
                            .processed = {},
                            .body = {}};
    const auto answer = client.Post("/v1/orders", headers, order.body, "application/json");
    entry.ended = system_clock::now();
    const std::string outcome = answer ? answer->get_header_value("Holdfast-Outcome") : "";
    const std::string processed = answer ? answer->get_header_value("Holdfast-Processed") : "";
    entry.outcome = outcome;
    entry.processed = processed;
    if (answer) {
        entry.status = static_cast<std::uint16_t>(answer->status);
        entry.body = answer->body;
    } else {
        entry.error = KindOf(answer.error());
    }
    const std::lock_guard lock(mutex_);
    ++tally_.requests;
    ++tally_.answers[answer ? std::to_string(answer->status) + " " + outcome +
                                  (processed.empty() ? "" : ", processed " + processed)
                            : "no answer: " + httplib::to_string(answer.error())];
    const Told told = Judge(order, answer, entry);
    ledger_.Record(entry);
    return told;
}

OrderClients::Told OrderClients::Judge(const Order& order, const httplib::Result& answer,
                                       load::LedgerEntry& entry) {
    if (!answer) {
        if (entry.error == ErrorKind::kConnect) {
            ++tally_.not_processed;
            return Told::kNotProcessed;
        }
        ++tally_.cut_off;
        return Told::kUnknown;
    }
    const bool retry_after = answer->has_header("Retry-After");
    if (retry_after != (answer->status == 503 && entry.processed == "no")) {
        Broken("Retry-After goes with 503 and \"no\" only: " + std::to_string(answer->status));
    }
    if (answer->status == 201) {
        const auto body = nlohmann::json::parse(answer->body, nullptr, false);
        const std::string id = body.is_object() ? body.value("orderId", "") : "";
        if (id.empty() || body.value("customer", "") != order.customer) {
            entry.error = ErrorKind::kCrossed;
            Broken(order.customer + " was answered with " + answer->body);
            return Told::kUnknown;
        }
        const auto [told, first] = tally_.told.try_emplace({order.customer, order.key}, id);
        if (!first && told->second != id) {
            Broken(order.customer + " was told of two orders");
        }
        ++tally_.created;
        if (answer->has_header("Idempotent-Replay")) ++tally_.replayed;
        return Told::kCreated;
    }
    // 408: the link held the request up for too long.
    if (entry.processed == "no" && (answer->status >= 500 || answer->status == 408)) {
        ++tally_.not_processed;
        return Told::kNotProcessed;
    }
    if (answer->status >= 502 && answer->status <= 504 && !entry.processed.empty()) {
        ++tally_.unknown;
        return Told::kUnknown;
    }
    Broken("an order was answered with " + std::to_string(answer->status) + " " + answer->body);
    return Told::kRefused;
}

void OrderClients::ReadBack(httplib::Client& client, const Order& order) {
    std::string id;
    {
        const std::lock_guard lock(mutex_);
        id = tally_.told.at({order.customer, order.key});
    }
    const auto answer = client.Get("/v1/orders/" + id);
    if (!answer || answer->status >= 500) return;
    const std::lock_guard lock(mutex_);
    if (answer->status == 200) {
        ++tally_.read;
    } else {
        Broken("order " + id +
               " was told as created, and cannot be read: " + std::to_string(answer->status));
    }
}

void OrderClients::Broken(const std::string& text) {
    if (tally_.broken_promises.size() < kMostWords) tally_.broken_promises.push_back(text);
}

}  // namespace holdfast::testing
