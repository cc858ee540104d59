// Seeded faults, many at once, on two gateways and their workers, while clients create orders: what
// each client was told is held against the database, and everything heals.
//
//   HOLDFAST_CHAOS_SEED=N      this schedule again
//   HOLDFAST_SOAK_MINUTES=N    new seeds for so long
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <thread>

#include "tests/support/chaos/fault_schedule.h"
#include "tests/support/chaos/fleet.h"
#include "tests/support/chaos/order_clients.h"
#include "tests/support/chaos/truth.h"
#include "tests/support/chaos/witness_clients.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::IsEmpty;

constexpr const char* kConfig = R"(
limits: {pending_requests: 2000, queue_requests: 1000}
listen: {max_connections: 500}
shutdown: {drain_timeout: 3s}
ready: {required_services: []}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 2s
    idempotent: true
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: "/v1/orders/{id}", methods: [GET], service: orders, timeout: 2s}
  - {path: /v1/safe, methods: [POST], service: trouble, timeout: 2s, idempotent: true}
  - {path: /v1/once, methods: [POST], service: trouble, timeout: 2s}
)";

constexpr std::uint64_t kSeed = 812672282;

/// Takes the variable out of the environment: the gateways would inherit it, and refuse to start
/// with a name that they do not know.
std::optional<std::uint64_t> TakeNumber(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    const std::string value(text);
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
        throw std::invalid_argument(std::string(variable) + " must be a number");
    }
    unsetenv(variable);
    return number;
}

std::string Lines(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& one : words) text += one + "\n";
    return text;
}

/// One fleet, one schedule, one ledger.
class Round {
  public:
    Round(std::uint64_t seed, bool encrypted, milliseconds length)
        : seed_(seed),
          encrypted_(encrypted),
          fleet_({.config = kConfig, .encrypted = encrypted, .seed = seed}),
          schedule_(MakeSchedule(seed, length, fleet_.targets())) {}

    ~Round() {
        if (!::testing::Test::HasFailure()) return;
        fleet_.KeepDirectories();
        std::string text;
        for (const Fault& fault : schedule_) text += "  " + ToText(fault) + "\n";
        std::printf("the schedule of HOLDFAST_CHAOS_SEED=%llu:\n%sthe logs are in %s\n",
                    static_cast<unsigned long long>(seed_), text.c_str(),
                    fleet_.directory().c_str());
    }

    void Run() {
        std::printf("chaos: seed %llu, %s leg\n", static_cast<unsigned long long>(seed_),
                    encrypted_ ? "encrypted" : "plain");
        std::fflush(stdout);
        fleet_.Start();
        before_ = StockOf(fleet_.database());
        const std::size_t many = SlowFactor() > 1 ? 3 : 8;
        OrderClients orders({.ports = fleet_.entrances(),
                             .clients = many,
                             .pause = milliseconds(20) * SlowFactor(),
                             .ledger = Ledger(),
                             .run = "chaos",
                             .seed = seed_});
        WitnessClients witnesses(fleet_.entrances(), many / 2, seed_);
        Play();
        EXPECT_TRUE(fleet_.Heal(seconds(30) * SlowFactor())) << "not every worker came back";
        const std::uint64_t healed = orders.created();
        EXPECT_TRUE(
            Eventually([&] { return orders.created() > healed + 20; }, seconds(20) * SlowFactor()))
            << "after the faults, orders are created again";
        tally_ = orders.Stop();
        answers_ = witnesses.Stop();
        EveryNewOrderSucceeds();
        NothingIsHeld();
        EXPECT_TRUE(fleet_.Drain(seconds(20) * SlowFactor()));
        EXPECT_THAT(fleet_.troubles(), IsEmpty()) << Lines(fleet_.troubles());
        TheTruthIsWhatWasTold();
    }

  private:
    std::string Ledger() const { return fleet_.directory() / "ledger.jsonl"; }

    /// Begins and ends each fault at its time.
    void Play() {
        std::deque<Fault> coming(schedule_.begin(), schedule_.end());
        std::vector<Fault> on;
        const auto begin = steady_clock::now();
        while (!coming.empty() || !on.empty()) {
            const auto now = steady_clock::now() - begin;
            std::erase_if(on, [&](const Fault& fault) {
                return now >= fault.at + fault.lasts && fleet_.End(fault);
            });
            if (!coming.empty() && now >= coming.front().at) {
                if (fleet_.Begin(coming.front())) {
                    on.push_back(coming.front());
                } else {
                    ++left_out_;
                }
                coming.pop_front();
            }
            // Only a process that does not end when it is told to keeps a fault on for so long.
            const auto latest = schedule_.back().at + seconds(30) * SlowFactor();
            ASSERT_LT(now, latest) << "does not end: " << ToText(on.front());
            std::this_thread::sleep_for(milliseconds(5));
        }
    }

    void EveryNewOrderSucceeds() {
        for (std::size_t i = 0; i < fleet_.gateways(); ++i) {
            const Stack& gateway = fleet_.gateway(i);
            httplib::Client client = gateway.Client();
            for (int n = 0; n < 25; ++n) {
                const auto answer = gateway.PostOrder(
                    client, "healed-" + std::to_string(i) + "-" + std::to_string(n));
                ASSERT_TRUE(answer);
                EXPECT_EQ(answer->status, 201) << answer->body;
            }
        }
    }

    void NothingIsHeld() {
        for (std::size_t i = 0; i < fleet_.gateways(); ++i) {
            const Stack& gateway = fleet_.gateway(i);
            EXPECT_TRUE(Eventually([&] { return gateway.Pending() == 0; })) << gateway.Pending();
            EXPECT_EQ(gateway.Metric("holdfast_pending_bytes"), 0) << "each permit came back";
            EXPECT_EQ(gateway.Ops("/v1/pending").value("suspended", -1), 0);
        }
    }

    void TheTruthIsWhatWasTold() {
        EXPECT_THAT(tally_.broken_promises, IsEmpty()) << Lines(tally_.broken_promises);
        const auto contradictions = Contradictions(answers_, fleet_.journal());
        EXPECT_THAT(contradictions, IsEmpty()) << Lines(contradictions);
        const auto disagreements = Disagreements(tally_, fleet_.database(), before_);
        EXPECT_THAT(disagreements, IsEmpty()) << Lines(disagreements);
        const load::Reconciliation found = ReconcileWith(Ledger(), fleet_.database(), before_);
        EXPECT_EQ(found.Differences(), 0U) << ToText(found);
        EXPECT_EQ(found.incomplete, "");
        EXPECT_TRUE(found.stock_checked);
        EXPECT_EQ(found.created, tally_.created);
        Print(found);
    }

    void Print(const load::Reconciliation& found) const {
        std::map<FaultKind, int> kinds;
        for (const Fault& fault : schedule_) ++kinds[fault.kind];
        std::string faults;
        for (const auto& [kind, count] : kinds) {
            faults += (faults.empty() ? "" : ", ") + std::string(Name(kind)) + " " +
                      std::to_string(count);
        }
        const LinkCounts legs = fleet_.legs();
        const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
        std::printf("  %zu faults, %zu of them left out: %s\n", schedule_.size(), left_out_,
                    faults.c_str());
        std::printf("  legs: %llu connections, %llu cut, %llu bits flipped\n",
                    number(legs.connections), number(legs.cut), number(legs.corrupted));
        std::printf(
            "  %llu requests for orders: %llu created (%llu of them by an earlier try), %llu not "
            "processed, %llu unknown, %llu cut off; %llu read back; %zu others\n",
            number(tally_.requests), number(tally_.created), number(tally_.replayed),
            number(tally_.not_processed), number(tally_.unknown), number(tally_.cut_off),
            number(tally_.read), answers_.size());
        for (const auto& [answer, count] : tally_.answers) {
            std::printf("    %6llu  %s\n", number(count), answer.c_str());
        }
        std::printf(
            "  database: %llu orders; stayed unknown: %llu created, %llu not; %llu differences\n",
            number(found.orders), number(found.unknown_found), number(found.unknown_absent),
            number(found.Differences()));
        std::fflush(stdout);
    }

    const std::uint64_t seed_;
    const bool encrypted_;
    Fleet fleet_;
    const std::vector<Fault> schedule_;
    std::size_t left_out_ = 0;  ///< their process was still draining
    std::vector<load::StockLevel> before_;
    OrderTally tally_;
    std::map<std::string, WitnessAnswer> answers_;
};

/// A soak has new seeds, any other run the same one.
void Rounds(bool encrypted) {
    static const auto soak = TakeNumber("HOLDFAST_SOAK_MINUTES");
    static const auto given = TakeNumber("HOLDFAST_CHAOS_SEED");
    // Both legs have half of the time.
    const auto until = steady_clock::now() + minutes(soak.value_or(0)) / 2;
    do {
        const std::uint64_t seed = given ? *given : soak ? std::random_device()() : kSeed;
        SCOPED_TRACE("HOLDFAST_CHAOS_SEED=" + std::to_string(seed));
        Round(seed, encrypted, seconds(25)).Run();
    } while (steady_clock::now() < until && !::testing::Test::HasFailure());
}

TEST(RandomChaos, OverAPlainLegNothingIsLostDoubledOrLeaked) {
    Rounds(false);
}

TEST(RandomChaos, OverAnEncryptedLegWhoseBitsFlipTooNothingIsLostDoubledOrLeaked) {
    Rounds(true);
}

}  // namespace
}  // namespace holdfast::testing
