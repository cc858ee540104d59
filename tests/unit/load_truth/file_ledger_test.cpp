#include "load/truth/file_ledger.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "load/truth/ledger_reader.h"
#include "tests/unit/load_truth/temporary_folder.h"

namespace holdfast::load {
namespace {

using nlohmann::json;

LedgerEntry Entry(std::uint64_t journey, std::string_view answer = "{}") {
    LedgerEntry entry;
    entry.journey = journey;
    entry.step = "create";
    entry.mark = "load-r1-7";
    entry.idempotency_key = "k";
    entry.planned = std::chrono::system_clock::time_point(std::chrono::microseconds(1'000'001));
    entry.ended = std::chrono::system_clock::time_point(std::chrono::microseconds(1'000'900));
    entry.request_body = R"({"customer":"load-r1-7"})";
    entry.status = 201;
    entry.outcome = "replied";
    entry.body = answer;
    return entry;
}

TEST(FileLedger, AnEntryIsOneLineBetweenBeginAndEnd) {
    const TemporaryFolder folder;
    {
        FileLedger ledger(folder / "l", {.run = "r1", .flow = "order-create", .processes = 2});
        ledger.Record(Entry(7));
    }
    const auto lines = LinesOf(folder / "l");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(json::parse(lines[0]), json::parse(R"({"type":"begin","run":"r1",
        "flow":"order-create","process":0,"processes":2})"));
    EXPECT_EQ(json::parse(lines[1]), json::parse(R"({"type":"request","run":"r1","journey":7,
        "step":"create","mark":"load-r1-7","key":"k","planned_us":1000001,"ended_us":1000900,
        "request":"{\"customer\":\"load-r1-7\"}","error":"none","status":201,"outcome":"replied",
        "processed":"","answer":"{}"})"));
    EXPECT_EQ(json::parse(lines[2]),
              json::parse(R"({"type":"end","run":"r1","process":0,"recorded":1,"lost":0})"));
}

TEST(FileLedger, BytesThatAreNoTextStayOneLineOfJson) {
    const TemporaryFolder folder;
    {
        FileLedger ledger(folder / "l", {.run = "r1"});
        ledger.Record(Entry(7, std::string_view("a\n\x00\xff\xc3\"\x7f", 7)));
    }
    const auto lines = LinesOf(folder / "l");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(json::parse(lines[1]).at("answer"),
              std::string("a\n\x00\xef\xbf\xbd\xef\xbf\xbd\"\x7f", 11));
}

TEST(FileLedger, ManyProcessesAppendWholeLines) {
    const TemporaryFolder folder;
    constexpr unsigned kProcesses = 4;
    constexpr std::uint64_t kEntries = 2000;
    std::vector<pid_t> children;
    for (unsigned process = 0; process < kProcesses; ++process) {
        const pid_t child = fork();
        if (child == 0) {
            FileLedger ledger(folder / "l",
                              {.run = "r1", .process = process, .processes = kProcesses});
            for (std::uint64_t i = 0; i < kEntries; ++i) ledger.Record(Entry(i));
            ledger.Finish();
            _exit(ledger.lost() == 0 ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    std::uint64_t requests = 0;
    std::uint64_t ends = 0;
    ReadLedger(folder / "l", [&](std::uint64_t number, const LedgerLine& line) {
        EXPECT_FALSE(std::holds_alternative<LedgerTorn>(line)) << number;
        requests += std::holds_alternative<LedgerRequest>(line) ? 1U : 0U;
        ends += std::holds_alternative<LedgerEnd>(line) ? 1U : 0U;
    });
    EXPECT_EQ(requests, kProcesses * kEntries);
    EXPECT_EQ(ends, kProcesses);
}

TEST(FileLedger, AFullDiskIsCountedAndTheRunGoesOn) {
    FileLedger ledger("/dev/full", {.run = "r1"});
    for (std::uint64_t i = 0; i < 1000; ++i) ledger.Record(Entry(i));
    ledger.Finish();
    EXPECT_EQ(ledger.recorded(), 1000U);
    EXPECT_EQ(ledger.lost(), 1000U);
    EXPECT_EQ(ledger.trouble(), "No space left on device");
}

TEST(FileLedger, ALineThatWasCutEndsBeforeTheNext) {
    const TemporaryFolder folder;
    signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    FileLedger ledger(folder / "l", {.run = "r1"});
    const rlimit small{.rlim_cur = 500, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    for (std::uint64_t i = 0; i < 500; ++i) ledger.Record(Entry(i));  // more than is kept
    EXPECT_GT(ledger.lost(), 0U);
    setrlimit(RLIMIT_FSIZE, &old);
    ledger.Finish();
    EXPECT_EQ(ledger.trouble(), "File too large");

    std::uint64_t torn = 0;
    std::uint64_t requests = 0;
    LedgerEnd end;
    ReadLedger(folder / "l", [&](std::uint64_t, const LedgerLine& line) {
        torn += std::holds_alternative<LedgerTorn>(line) ? 1U : 0U;
        requests += std::holds_alternative<LedgerRequest>(line) ? 1U : 0U;
        if (const auto* last = std::get_if<LedgerEnd>(&line)) end = *last;
    });
    EXPECT_EQ(torn, 1U);
    EXPECT_EQ(end.recorded, 500U);
    EXPECT_EQ(end.recorded - end.lost, requests);
}

TEST(FileLedger, ANumberThatIsNotWholeOrTooLargeMakesALineTorn) {
    const auto parse = [](const std::string& status, const std::string& ordered) {
        const std::string request =
            R"({"type":"request","mark":"m","key":"","request":"{}","error":"none","processed":"",)"
            R"("answer":"","status":)" +
            status + "}";
        const std::string stock =
            R"({"type":"stock","articles":{"a":{"stock":1,"ordered":)" + ordered + "}}}";
        return std::pair(ParseLedgerLine(request), ParseLedgerLine(stock));
    };
    const auto [request, stock] = parse("201", "9007199254740992");
    EXPECT_EQ(std::get<LedgerRequest>(request).told, "201 without a readable order");
    EXPECT_EQ(std::get<LedgerStock>(stock).levels.at(0).ordered, 9007199254740992);
    for (const std::string number : {"1e300", "-1e300", "2.5", "18446744073709551615",
                                     "-9223372036854775808", "9007199254740993"}) {
        const auto [no_request, no_stock] = parse(number, number);
        EXPECT_TRUE(std::holds_alternative<LedgerTorn>(no_request)) << number;
        EXPECT_TRUE(std::holds_alternative<LedgerTorn>(no_stock)) << number;
    }
}

TEST(FileLedger, AFileThatCannotBeOpenedIsAnErrorAtOnce) {
    EXPECT_THROW(FileLedger("/nonexistent/l", {}), std::system_error);
    EXPECT_THROW(AppendToLedger("/dev/full", "{}"), std::system_error);
}

}  // namespace
}  // namespace holdfast::load
