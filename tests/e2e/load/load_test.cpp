// The load tester on the real stack: what it reports of a worker's death, and that what clients
// were told is what the database holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "load/report/report.h"
#include "load/result/figures.h"
#include "tests/support/stack/stack.h"

namespace holdfast::load {
namespace {

using ::testing::HasSubstr;
using testing::Process;
using testing::SlowFactor;

class LoadedStack : public ::testing::Test {
  protected:
    void SetUp() override {
        stack_.StartGateway();
        for (int i = 0; i < 2; ++i) {
            const Process& worker = stack_.StartOrdersWorker();
            std::ofstream(Path("worker-" + std::to_string(i) + ".pid")) << worker.pid() << '\n';
        }
        ASSERT_TRUE(stack_.WaitForWorkers(2)) << stack_.gateway().Output();
    }

    std::string Path(const std::string& name) const { return stack_.directory() / name; }
    std::string Database() const { return "sqlite://" + stack_.database().string(); }
    static std::string Local(std::uint16_t port) {
        return "http://127.0.0.1:" + std::to_string(port);
    }

    /// Exit code and output of the real program.
    std::pair<int, std::string> Load(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), HOLDFAST_LOAD);
        std::filesystem::remove(Path("output"));
        Process process(arguments, Path("output"));
        const auto code = process.Wait(std::chrono::seconds(120));
        return {code.value_or(-1), process.Output()};
    }
    /// A ready flow, with this after it.
    std::string Flow(const std::string& name, const std::string& more) const {
        const auto [code, yaml] = Load({"flows", "show", name});
        EXPECT_EQ(code, 0);
        std::ofstream(Path("flow.yaml")) << yaml << more;
        return Path("flow.yaml");
    }
    std::pair<int, std::string> Run(const std::string& flow, const std::string& length) const {
        return Load({"run", flow, "--url", Local(stack_.ports().data), "--ops",
                     Local(stack_.ports().ops), "--rate", std::to_string(200 / SlowFactor()),
                     "--duration", length, "--processes", "2", "--ledger", Path("ledger"), "--db",
                     Database(), "--out", Path("out"), "--quiet"});
    }
    std::pair<int, std::string> Reconcile() const {
        return Load({"reconcile", "--ledger", Path("ledger"), "--db", Database(), "--json",
                     Path("reconciled.json")});
    }
    nlohmann::json Reconciled() const {
        return nlohmann::json::parse(std::ifstream(Path("reconciled.json")));
    }

    testing::Stack stack_;
};

TEST_F(LoadedStack, AWorkerThatIsKilledIsReportedHonestlyAndTheDatabaseAgrees) {
    const auto [code, text] =
        Run(Flow("order-create",
                 "trouble:\n  - {at: 1500ms, kill: {pid_file: worker-0.pid}, label: it dies}\n"),
            "4s");
    EXPECT_EQ(code, 0) << text;
    const Result result = ReadResult(Path("out/result.json"));
    ASSERT_EQ(result.marks.size(), 1U);
    EXPECT_EQ(result.marks[0].label, "it dies");
    EXPECT_FALSE(result.marks[0].failed);
    EXPECT_GE(result.ops.size(), 2U) << "the gateway's figures are on the same axis";
    EXPECT_TRUE(std::any_of(result.ops.begin(), result.ops.end(),
                            [](const OpsSample& one) { return one.workers == 1; }));
    const Figures figures = Measure(result);
    // One worker is left: orders go on, and only what the dead one held has failed.
    EXPECT_EQ(figures.all.sent, 800U / static_cast<unsigned>(SlowFactor()));
    EXPECT_EQ(figures.all.Ended(), figures.all.sent);
    EXPECT_EQ(figures.all.Lost(), 0U) << text;
    EXPECT_EQ(figures.all.Good(), figures.all.statuses.at(201));
    EXPECT_EQ(figures.all.Errors(), figures.all.Of(ErrorKind::kStatus)) << text;
    const auto lost = figures.all.outcomes.find("worker-lost");
    const std::uint64_t unknown = lost == figures.all.outcomes.end() ? 0 : lost->second;

    const auto [agreed, table] = Reconcile();
    EXPECT_EQ(agreed, 0) << table;
    const nlohmann::json reconciled = Reconciled();
    EXPECT_EQ(reconciled.at("told").at("created"), figures.all.Good());
    EXPECT_EQ(reconciled.at("told").at("unknown"), unknown) << text;
    EXPECT_TRUE(reconciled.at("stock_checked"));
    EXPECT_TRUE(reconciled.at("ledger_complete"));
}

TEST_F(LoadedStack, RetriesWithTheSameKeyAreOneOrderWhileAWorkerIsStopped) {
    const auto [code, text] = Run(Flow("order-retry-with-same-key",
                                       "trouble:\n  - {at: 500ms, stop: {pid_file: worker-1.pid}}\n"
                                       "  - {at: 2s, continue: {pid_file: worker-1.pid}}\n"),
                                  "3s");
    EXPECT_EQ(code, 0) << text;
    const Result result = ReadResult(Path("out/result.json"));
    ASSERT_EQ(result.marks.size(), 2U) << text;
    EXPECT_FALSE(result.marks[0].failed) << result.marks[0].label;
    EXPECT_FALSE(result.marks[1].failed) << result.marks[1].label;
    const auto [agreed, table] = Reconcile();
    EXPECT_EQ(agreed, 0) << table;
    const nlohmann::json reconciled = Reconciled();
    EXPECT_GT(reconciled.at("orders"), 0);
    EXPECT_LT(reconciled.at("orders"), reconciled.at("requests"));
}

TEST_F(LoadedStack, ADatabaseThatWasTamperedWithDoesNotAgree) {
    EXPECT_EQ(Run(Flow("order-create", ""), "1s").first, 0);
    const Process tamper({"/usr/bin/sqlite3", stack_.database(),
                          "DELETE FROM orders WHERE id = (SELECT min(id) FROM orders)"},
                         Path("tamper.log"));
    EXPECT_TRUE(testing::Eventually([this] { return Reconcile().first == 4; }));
    EXPECT_EQ(Reconciled().at("differences_by_kind").at("missing"), 1);
}

}  // namespace
}  // namespace holdfast::load
