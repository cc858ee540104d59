// A gateway and two order workers on hosts of their own, as network namespaces: cables are pulled,
// one direction is lost, packets are lost, late and overtaken, hosts die unheard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <map>
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
ready: {required_services: []}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 10s
    idempotent: true
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: "/v1/orders/{id}", methods: [GET], service: orders, timeout: 3s}
)";

class Hosts : public ::testing::Test {
  protected:
    explicit Hosts(Cables cables = Cables::kKernel) : cables_(cables) {}

    void SetUp() override { Begin("700ms"); }

    /// Silence of a worker for `peer_timeout` is its loss.
    void Begin(const std::string& peer_timeout) {
        if (const std::string why = NetworkLab::WhyNot(cables_); !why.empty()) GTEST_SKIP() << why;
        lab_ = std::make_unique<NetworkLab>(std::vector<std::string>{"g", "w1", "w2"}, cables_);
        std::ofstream(config()) << kConfig << "bus: {address: 0.0.0.0, port: " << kBus
                                << ", allow_plain_remote: true, peer_timeout: " << peer_timeout
                                << "}\n";
        StartGateway();
        StartWorker("w1");
        StartWorker("w2");
        ASSERT_TRUE(Live(2)) << gateway_->Output() << workers_["w1"]->Output();
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
        if (all_are_created_) {
            EXPECT_EQ(tally.created, tally.requests);
        }
        EXPECT_THAT(Disagreements(tally, folder_.database(), before_), IsEmpty());
        const load::Reconciliation found = ReconcileWith(Ledger(), folder_.database(), before_);
        EXPECT_EQ(found.Differences(), 0U) << ToText(found);
        EXPECT_EQ(found.incomplete, "");
        EXPECT_TRUE(Eventually([this] { return Ops("/v1/pending").value("suspended", -1) == 0; }));
        EXPECT_TRUE(gateway_->Running());
        for (const auto& [host, worker] : workers_) {
            EXPECT_TRUE(worker->Running()) << worker->Output();
        }
        for (const auto& [answer, count] : tally.answers) {
            std::printf("  %6llu  %s\n", static_cast<unsigned long long>(count), answer.c_str());
        }
    }

    void StartGateway() { gateway_ = Start("g", {folder_.gateway_binary(), "--config", config()}); }
    void StartWorker(const std::string& host) {
        const std::string bus = "tcp://" + lab_->Address("g") + ":" + std::to_string(kBus);
        workers_[host] =
            Start(host, WorkerCommand("orders", {bus}, OrdersOptions(folder_.database(), 2)));
    }
    std::string config() const { return folder_.directory() / "hosts.yaml"; }
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
    bool Live(std::size_t count, milliseconds patience = seconds(20) * SlowFactor()) const {
        return Eventually(
            [&] {
                const auto workers = Ops("/v1/workers").value("workers", nlohmann::json::array());
                std::size_t live = 0;
                for (const auto& worker : workers) live += worker.value("state", "") == "live";
                return live == count;
            },
            patience);
    }
    /// Whether the worker has given up its session with the gateway.
    bool SessionIsOver(const std::string& host) const {
        return workers_.at(host)->Output().find("is over: its requests are cancelled") !=
               std::string::npos;
    }
    bool MoreAreCreated() const {
        const std::uint64_t before = orders_->created();
        return Eventually([&] { return orders_->created() > before + 20; },
                          seconds(20) * SlowFactor());
    }

    const Cables cables_;
    const Stack folder_;  ///< for its folder and binaries only
    std::unique_ptr<NetworkLab> lab_;
    std::unique_ptr<Process> gateway_;
    std::map<std::string, std::unique_ptr<Process>> workers_;  ///< by host
    std::vector<load::StockLevel> before_;
    std::unique_ptr<OrderClients> orders_;
    bool all_are_created_ = false;  ///< not one order was refused or got no answer
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
    for (const char* host : {"w1", "w2"}) {
        EXPECT_TRUE(Eventually([&] { return SessionIsOver(host); }, seconds(20) * SlowFactor()))
            << host;
    }
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

TEST_F(Hosts, AWorkerThatDiesUnheardIsLostAndAnotherTakesItsAddress) {
    lab_->SetLink("w1", false);
    workers_["w1"]->Signal(SIGKILL);  // the gateway's end of the connection stays open
    EXPECT_TRUE(Live(1));
    EXPECT_TRUE(MoreAreCreated());
    lab_->SetLink("w1", true);
    StartWorker("w1");
}

TEST_F(Hosts, WorkersFindTheGatewayThatTookTheAddressOfOneThatDiedUnheard) {
    lab_->SetLink("g", false);
    gateway_->Signal(SIGKILL);  // the workers' and clients' ends of the connections stay open
    StartGateway();
    lab_->SetLink("g", true);
}

class LossyHosts : public Hosts {
  protected:
    LossyHosts() : Hosts(Cables::kLossy) {}

    /// The legs; clients are spared.
    void Behave(const CableTrouble& trouble) const {
        for (const char* worker : {"w1", "w2"}) lab_->Cable(worker).Behave(trouble);
    }
    CableCounts Counts() const {
        CableCounts sum;
        for (const char* worker : {"w1", "w2"}) {
            const CableCounts counts = lab_->Cable(worker).counts();
            sum.carried += counts.carried;
            sum.lost += counts.lost;
            sum.overtaken += counts.overtaken;
        }
        std::printf("  %llu frames carried, %llu lost, %llu overtaken\n",
                    static_cast<unsigned long long>(sum.carried),
                    static_cast<unsigned long long>(sum.lost),
                    static_cast<unsigned long long>(sum.overtaken));
        return sum;
    }
};

class PatientLossyHosts : public LossyHosts {
  protected:
    void SetUp() override { Begin("20s"); }
};

TEST_F(PatientLossyHosts, LostLateAndOvertakenPacketsCostTimeOnly) {
    Behave({.loss = 0.05, .delay = milliseconds(100), .jitter = milliseconds(50)});
    EXPECT_TRUE(MoreAreCreated());
    EXPECT_TRUE(MoreAreCreated());
    const CableCounts counts = Counts();
    EXPECT_GT(counts.lost, 0U);
    EXPECT_GT(counts.overtaken, 0U);
    Behave({});
    all_are_created_ = true;
}

TEST_F(LossyHosts, WhereLateIsTakenForDeadAnswersStayTrue) {
    Behave({.loss = 0.2, .delay = milliseconds(200), .jitter = milliseconds(150)});
    EXPECT_TRUE(Eventually([this] { return !Live(2, milliseconds(0)); }, seconds(20)));
    std::this_thread::sleep_for(seconds(4));
    EXPECT_GT(Counts().lost, 0U);
    Behave({});
}

}  // namespace
}  // namespace holdfast::testing
