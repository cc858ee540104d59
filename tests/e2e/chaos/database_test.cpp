// The disk of the orders fills up, its database is locked or can only be read: clients get honest
// answers, and what they are told is what the database holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support/chaos/database_lock.h"
#include "tests/support/chaos/order_clients.h"
#include "tests/support/chaos/private_mounts.h"
#include "tests/support/chaos/truth.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OrdersDisk : public ::testing::Test {
  protected:
    OrdersDisk() : disk_(stack_.directory() / "disk") {
        std::filesystem::create_directories(disk_);
        stack_.StartGateway();
    }

    std::filesystem::path Database() const { return disk_ / "orders.db"; }
    std::string Ledger() const { return stack_.directory() / "ledger.jsonl"; }

    Process& StartWorker(const nlohmann::json& more = nlohmann::json::object()) {
        return stack_.StartWorker("orders", OrdersOptions(Database(), 2, more));
    }
    void StartWorkers(const nlohmann::json& more = nlohmann::json::object()) {
        workers_ = {&StartWorker(more), &StartWorker(more)};
        ASSERT_TRUE(stack_.WaitForWorkers(2)) << workers_.front()->Output();
        before_ = StockOf(Database());
    }
    /// Returns when none of its threads is in a call of the kernel any more.
    static void Pause(const Process& worker) {
        worker.Signal(SIGSTOP);
        siginfo_t stopped{};
        ASSERT_EQ(waitid(P_PID, static_cast<id_t>(worker.pid()), &stopped, WSTOPPED), 0);
    }
    void StopWorkers() {
        for (Process* worker : workers_) {
            worker->Signal(SIGTERM);
            EXPECT_EQ(worker->Wait(seconds(20) * SlowFactor()), 0) << worker->Output();
        }
        ASSERT_TRUE(stack_.WaitForWorkers(0));
    }

    OrderClientOptions Clients() const {
        return {.ports = {stack_.ports().data},
                .clients = 4,
                .pause = milliseconds(2),
                .ledger = Ledger(),
                .run = "disk"};
    }
    /// Waits for `count` more answers of this kind than there are.
    static bool More(const OrderClients& clients, const std::string& answer, std::uint64_t count) {
        const std::uint64_t before = clients.answers(answer);
        return Eventually([&] { return clients.answers(answer) >= before + count; },
                          seconds(20) * SlowFactor());
    }
    /// Told and stored agree, whoever is asked.
    void Agree(const OrderTally& tally) const {
        EXPECT_THAT(tally.broken_promises, IsEmpty());
        EXPECT_THAT(Disagreements(tally, Database(), before_), IsEmpty());
        const load::Reconciliation found = ReconcileWith(Ledger(), Database(), before_);
        EXPECT_EQ(found.Differences(), 0U) << ToText(found);
        EXPECT_EQ(found.incomplete, "");
    }

    Stack stack_;
    const std::filesystem::path disk_;
    std::vector<Process*> workers_;
    std::vector<load::StockLevel> before_;
};

constexpr const char* kCreated = "201 replied";
constexpr const char* kFailed = "502 worker-error, processed started";
constexpr const char* kFailedUnknown = "502 worker-error, processed unknown";
constexpr const char* kBusy = "503 unavailable, processed no";
constexpr const char* kNoWorker = "503 no-worker, processed no";

TEST_F(OrdersDisk, WhenItIsFullOrdersFailHonestlyAndGoOnOnceThereIsRoom) {
    if (const std::string why = EnterPrivateMounts(); !why.empty()) GTEST_SKIP() << why;
    const Mount disk = Mount::OfMemory(disk_, 2 << 20);
    StartWorkers();
    OrderClients clients(Clients());
    ASSERT_TRUE(More(clients, kCreated, 20));
    ASSERT_TRUE(
        Eventually([&] { return clients.answers(kFailed) + clients.answers(kFailedUnknown) >= 10; },
                   seconds(30) * SlowFactor()))
        << "the disk is full by now";
    disk.Resize(64 << 20);
    EXPECT_TRUE(More(clients, kCreated, 50)) << "there is room again";
    Agree(clients.Stop());
    for (Process* worker : workers_) EXPECT_TRUE(worker->Running());
    EXPECT_THAT(stack_.gateway().Output(), HasSubstr("disk is full")) << "the log says why";
    StopWorkers();
}

TEST_F(OrdersDisk, WhenItsFilesMayNotGrowOrdersFailHonestlyAndGoOnOnceTheyMay) {
    StartWorkers();
    OrderClients clients(Clients());
    ASSERT_TRUE(More(clients, kCreated, 20));
    const auto limit = [this](rlim_t bytes) {
        for (const Process* worker : workers_) {
            const rlimit limits{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
            ASSERT_EQ(prlimit(worker->pid(), RLIMIT_FSIZE, &limits, nullptr), 0);
        }
    };
    limit(64 * 1024);
    ASSERT_TRUE(
        Eventually([&] { return clients.answers(kFailed) + clients.answers(kFailedUnknown) >= 10; },
                   seconds(20) * SlowFactor()))
        << "no write beyond the limit succeeds";
    limit(RLIM_INFINITY);
    EXPECT_TRUE(More(clients, kCreated, 50));
    Agree(clients.Stop());
    for (Process* worker : workers_) EXPECT_TRUE(worker->Running()) << "SIGXFSZ ends nobody";
    StopWorkers();
}

TEST_F(OrdersDisk, WhileSomebodyElseHoldsTheLockNothingIsProcessedAndOrdersCanBeRead) {
    StartWorkers();
    OrderClients clients(Clients());
    ASSERT_TRUE(More(clients, kCreated, 20));
    httplib::Client reader = stack_.Client();
    const auto created = stack_.PostOrder(reader, "load-disk-reader");
    ASSERT_TRUE(created);
    {
        const DatabaseLock lock(Database());
        // The plugin waits for a second before it says so.
        EXPECT_TRUE(More(clients, kBusy, 8));
        const auto answer = reader.Get(created->get_header_value("location"));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200) << "readers wait for no writer";
    }
    EXPECT_TRUE(More(clients, kCreated, 50));
    OrderTally tally = clients.Stop();
    EXPECT_EQ(tally.unknown + tally.cut_off, 0U) << "busy is a certain no";
    EXPECT_THAT(tally.broken_promises, IsEmpty());
    EXPECT_THAT(Disagreements(tally, Database(), before_), IsEmpty());
    StopWorkers();
}

TEST_F(OrdersDisk, WhenItTurnsReadOnlyUnderRunningWorkersOrdersFailHonestly) {
    if (const std::string why = EnterPrivateMounts(); !why.empty()) GTEST_SKIP() << why;
    std::optional<Mount> disk;
    try {
        disk.emplace(Mount::OfDevice(disk_));
    } catch (const std::runtime_error& error) {
        GTEST_SKIP() << "no device that can fail: " << error.what();
    }
    // By default a commit need not reach the disk before its answer: what the device forgets as it
    // fails may then be missing, as after a power cut.
    StartWorkers({{"synchronous", "full"}});
    OrderClients clients(Clients());
    ASSERT_TRUE(More(clients, kCreated, 20));
    // A sync that is under way while ext4 fails may be acknowledged though another's, which failed,
    // had what it waits for: Linux 6.18 does so for programs that only write and sync, too. Nobody
    // can keep a promise on that, so none is under way.
    for (const Process* worker : workers_) Pause(*worker);
    disk->Fail();
    for (const Process* worker : workers_) worker->Signal(SIGCONT);
    EXPECT_TRUE(
        Eventually([&] { return clients.answers(kFailed) + clients.answers(kFailedUnknown) >= 10; },
                   seconds(20) * SlowFactor()));
    const OrderTally tally = clients.Stop();
    StopWorkers();
    disk->Repair();
    Agree(tally);
    StartWorker();
    ASSERT_TRUE(stack_.WaitForWorkers(1));
    httplib::Client client = stack_.Client();
    const auto answer = stack_.PostOrder(client, "repaired");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201);
}

TEST_F(OrdersDisk, AWorkerOfAReadOnlyDatabaseDoesNotStartAndClientsAreTold) {
    if (const std::string why = EnterPrivateMounts(); !why.empty()) GTEST_SKIP() << why;
    const Mount disk = Mount::OfMemory(disk_, 16 << 20);
    StartWorkers();
    OrderClients clients(Clients());
    ASSERT_TRUE(More(clients, kCreated, 20));
    for (Process* worker : workers_) {
        worker->Signal(SIGKILL);
        worker->Wait(seconds(5));
    }
    disk.MakeReadOnly(true);
    Process& refused = StartWorker();
    EXPECT_EQ(refused.Wait(seconds(20) * SlowFactor()), 1);
    EXPECT_THAT(refused.Output(), HasSubstr("can only be read"));
    EXPECT_TRUE(More(clients, kNoWorker, 10));
    disk.MakeReadOnly(false);
    StartWorker();
    EXPECT_TRUE(More(clients, kCreated, 50));
    Agree(clients.Stop());
}

}  // namespace
}  // namespace holdfast::testing
