// A gateway and two order workers on hosts of their own, as network namespaces: cables are pulled,
// one direction is lost, packets are lost and late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/chaos/network_lab.h"
#include "tests/support/chaos/order_clients.h"
#include "tests/support/chaos/truth.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;

constexpr std::uint16_t kData = 8080;
constexpr std::uint16_t kOps = 8081;
constexpr std::uint16_t kBus = 5570;

constexpr const char* kConfig = R"(
listen: {address: 0.0.0.0, port: 8080}
ops: {address: 0.0.0.0, port: 8081, allow_remote: true}
bus: {address: 0.0.0.0, port: 5570, allow_plain_remote: true}
ready: {required_services: []}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 3s
    idempotent: true
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: "/v1/orders/{id}", methods: [GET], service: orders, timeout: 3s}
)";

class Hosts : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = NetworkLab::WhyNot(); !why.empty()) GTEST_SKIP() << why;
        lab_ = std::make_unique<NetworkLab>(std::vector<std::string>{"g", "w1", "w2"});
        const auto config = folder_.directory() / "hosts.yaml";
        std::ofstream(config) << kConfig;
        gateway_ = Start("g", {folder_.gateway_binary(), "--config", config});
        for (const char* worker : {"w1", "w2"}) {
            workers_.push_back(Start(
                worker, WorkerCommand("orders",
                                      {"tcp://" + lab_->Address("g") + ":" + std::to_string(kBus)},
                                      OrdersOptions(folder_.database(), 2))));
        }
        ASSERT_TRUE(Live(2)) << gateway_->Output() << workers_.front()->Output();
        before_ = StockOf(folder_.database());
        orders_ = std::make_unique<OrderClients>(
            OrderClientOptions{.hosts = {lab_->Address("g")},
                               .ports = {kData},
                               .clients = 4,
                               .pause = milliseconds(15) * SlowFactor(),
                               .patience = seconds(10),
                               .ledger = Ledger(),
                               .run = "hosts"});
        ASSERT_TRUE(MoreAreCreated());
    }

    void TearDown() override {
        if (!orders_) return;
        EXPECT_TRUE(Live(2)) << "all is healed: " << gateway_->Output();
        EXPECT_TRUE(MoreAreCreated());
        const OrderTally tally = orders_->Stop();
        EXPECT_THAT(tally.broken_promises, IsEmpty());
        EXPECT_THAT(Disagreements(tally, folder_.database(), before_), IsEmpty());
        const load::Reconciliation found = ReconcileWith(Ledger(), folder_.database(), before_);
        EXPECT_EQ(found.Differences(), 0U) << ToText(found);
        EXPECT_EQ(found.incomplete, "");
        EXPECT_TRUE(Eventually([this] { return Ops("/v1/pending").value("suspended", -1) == 0; }));
        EXPECT_TRUE(gateway_->Running());
        for (const auto& worker : workers_) EXPECT_TRUE(worker->Running()) << worker->Output();
        for (const auto& [answer, count] : tally.answers) {
            std::printf("  %6llu  %s\n", static_cast<unsigned long long>(count), answer.c_str());
        }
    }

    std::string Ledger() const { return folder_.directory() / "ledger.jsonl"; }

    std::unique_ptr<Process> Start(const std::string& host,
                                   const std::vector<std::string>& command) const {
        return std::make_unique<Process>(lab_->On(host, command),
                                         folder_.directory() / (host + ".log"));
    }
    nlohmann::json Ops(const std::string& path) const {
        httplib::Client client(lab_->Address("g"), kOps);
        const auto answer = client.Get(path);
        if (!answer || answer->status != 200) return nlohmann::json::object();
        return nlohmann::json::parse(answer->body);
    }
    bool Live(std::size_t count) const {
        return Eventually(
            [&] {
                const auto workers = Ops("/v1/workers").value("workers", nlohmann::json::array());
                std::size_t live = 0;
                for (const auto& worker : workers) live += worker.value("state", "") == "live";
                return live == count;
            },
            seconds(20) * SlowFactor());
    }
    bool MoreAreCreated() const {
        const std::uint64_t before = orders_->created();
        return Eventually([&] { return orders_->created() > before + 20; },
                          seconds(20) * SlowFactor());
    }

    const Stack folder_;  ///< for its folder and binaries only
    std::unique_ptr<NetworkLab> lab_;
    std::unique_ptr<Process> gateway_;
    std::vector<std::unique_ptr<Process>> workers_;
    std::vector<load::StockLevel> before_;
    std::unique_ptr<OrderClients> orders_;
};

TEST_F(Hosts, AWorkerWhoseCableIsPulledIsLostAndTheOtherServesUntilItIsBack) {
    lab_->SetLink("w1", false);
    EXPECT_TRUE(Live(1));
    EXPECT_TRUE(MoreAreCreated());
    lab_->SetLink("w1", true);
}

TEST_F(Hosts, WhileEveryWorkerIsCutOffClientsAreToldAtOnce) {
    lab_->SetLink("w1", false);
    lab_->SetLink("w2", false);
    EXPECT_TRUE(Live(0));
    EXPECT_TRUE(
        Eventually([this] { return orders_->answers("503 no-worker, processed no") > 10; }));
    lab_->SetLink("w1", true);
    lab_->SetLink("w2", true);
}

TEST_F(Hosts, AGatewayThatIsCutOffFromAllIsFoundAgainByAll) {
    lab_->SetLink("g", false);
    std::this_thread::sleep_for(seconds(3));  // the leases and deadlines of everything pass
    lab_->SetLink("g", true);
}

TEST_F(Hosts, WhatIsLostInOneDirectionOnlyIsLostToo) {
    lab_->DropOneWay("w1", "g", true);
    EXPECT_TRUE(Live(1)) << "it hears the gateway, which hears nothing of it";
    EXPECT_TRUE(MoreAreCreated());
    lab_->DropOneWay("w1", "g", false);
    EXPECT_TRUE(Live(2));

    lab_->DropOneWay("g", "w2", true);
    EXPECT_TRUE(Live(1)) << "it hears nothing of the gateway";
    EXPECT_TRUE(MoreAreCreated());
    lab_->DropOneWay("g", "w2", false);
}

TEST_F(Hosts, LostAndLatePacketsCostTimeOnly) {
    if (!lab_->Impair("w1", "delay 20ms 10ms loss 2%")) {
        GTEST_SKIP() << "this kernel has no netem (sch_netem)";
    }
    EXPECT_TRUE(lab_->Impair("g", "delay 5ms loss 1%"));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(MoreAreCreated());
    EXPECT_TRUE(lab_->Impair("w1", ""));
    EXPECT_TRUE(lab_->Impair("g", ""));
}

}  // namespace
}  // namespace holdfast::testing
