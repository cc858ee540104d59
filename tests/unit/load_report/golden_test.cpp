// What the reports look like, byte by byte. After a change that is meant, write them anew with
// HOLDFAST_UPDATE_GOLDEN=1 and look at the difference.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "load/report/report.h"
#include "load/result/evaluate.h"
#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

/// Small enough to be read whole; every member has something in it, and names are hostile.
Result Sample() {
    Result result = MakeResult(4);
    result.flow = "orders <&> \"co\"";
    result.steps[1] = "=read, \"again\"\n";
    AddBad(result.intervals[3].steps[0], ErrorKind::kTimeout, 2, std::chrono::milliseconds(2000));
    AddBad(result.intervals[3].steps[1], ErrorKind::kStatus, 1, std::chrono::milliseconds(1));
    result.intervals[3].steps[0].outcomes["timed-out"] = 1;
    result.intervals[3].notes = {"step create: <b>\x1b[1m ]]> \xff", "again", "again"};
    result.ops = {{0.5, 3, 6900, 21'000'000, 2, 0.25}};
    result.marks = {{2, "kill worker-1", false}, {3, "restart: no such label", true}};
    result.probes = {{200, true, ""}, {400, false, "p99<50ms"}};
    result.limit = 200;
    result.warnings = {"only <2> workers"};
    Conclude(result, {MakeThreshold("p99", Threshold::Compare::kLess, 0.25),
                      MakeThreshold("lost", Threshold::Compare::kEqual, 0),
                      MakeThreshold("p95", Threshold::Compare::kLess, 0.08, "create")});
    return result;
}

std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void ExpectGolden(const std::string& name, const std::string& text) {
    const std::string path = std::string(HOLDFAST_GOLDEN_DIR) + "/" + name;
    if (std::getenv("HOLDFAST_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
    }
    EXPECT_EQ(text, Read(path)) << "differs from " << path;
}

std::string Made(void (*write)(const Result&, std::ostream&), const Result& result) {
    std::ostringstream out;
    write(result, out);
    return out.str();
}

TEST(GoldenTest, Json) {
    ExpectGolden("result.json", Made(WriteJson, Sample()));
}

TEST(GoldenTest, Csv) {
    ExpectGolden("result.csv", Made(WriteCsv, Sample()));
}

TEST(GoldenTest, Junit) {
    ExpectGolden("result.junit.xml", Made(WriteJunit, Sample()));
}

TEST(GoldenTest, JunitOfARunThatWasInterrupted) {
    Result result = Sample();
    result.interrupted = true;
    ExpectGolden("interrupted.junit.xml", Made(WriteJunit, result));
}

TEST(GoldenTest, Table) {
    std::ostringstream out;
    PrintTable(Sample(), out, false);
    ExpectGolden("table.txt", out.str());
}

TEST(GoldenTest, TableOfASearchInColour) {
    Result result = Sample();
    result.load.mode = LoadMode::kFindLimit;
    std::ostringstream out;
    PrintTable(result, out, true);
    ExpectGolden("search_table.txt", out.str());
}

TEST(GoldenTest, TableOfAClosedLoop) {
    Result result = Sample();
    result.load.mode = LoadMode::kClosed;
    result.load.users = 16;
    std::ostringstream out;
    PrintTable(result, out, false);
    ExpectGolden("closed_table.txt", out.str());
}

}  // namespace
}  // namespace holdfast::load
