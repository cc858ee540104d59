#include "load/flow/feeder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/load_flow/walk.h"

namespace holdfast::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FeederSpec Spec(std::vector<std::string> columns) {
    FeederSpec spec{.name = "items", .path = "items.csv"};
    spec.place = {std::make_shared<const std::string>("flow.yaml"), 3, 4};
    for (std::string& column : columns) spec.columns.push_back({std::move(column), spec.place});
    return spec;
}

using Reading = Table (*)(std::string_view, const FeederSpec&);

std::vector<std::string> Read(Reading read, std::string_view text,
                              std::vector<std::string> columns) {
    const Table table = read(text, Spec(std::move(columns)));
    std::vector<std::string> fields;
    for (std::size_t row = 0; row < table.rows; ++row) {
        for (std::size_t column = 0; column < table.columns; ++column) {
            fields.emplace_back(table.At(row, column));
        }
    }
    return fields;
}

std::string Refused(Reading read, std::string_view text, std::vector<std::string> columns) {
    try {
        read(text, Spec(std::move(columns)));
    } catch (const FlowError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(Feeder, ReadsCsvAsRfc4180HasIt) {
    EXPECT_THAT(Read(ReadCsv, "sku,q\ntea,1\nmug,2\n", {"sku", "q"}),
                ElementsAre("tea", "1", "mug", "2"));
    EXPECT_THAT(Read(ReadCsv, "sku,q\r\ntea,1\r\nmug,2", {"q"}), ElementsAre("1", "2"));
    EXPECT_THAT(Read(ReadCsv, "\xEF\xBB\xBFsku\ntea\n", {"sku"}), ElementsAre("tea"));
    EXPECT_THAT(Read(ReadCsv, "a,b\n\"x, \"\"y\"\"\r\nz\",\"\"\n", {"a", "b"}),
                ElementsAre("x, \"y\"\r\nz", ""));
    EXPECT_THAT(Read(ReadCsv, "a,b\n,\n", {"a", "b"}), ElementsAre("", ""));
    EXPECT_THAT(Read(ReadCsv, "a\n\n\nx\n\n", {"a"}), ElementsAre("x"));
    EXPECT_THAT(Read(ReadCsv, "\"a\"\nx\"y\n", {"a"}), ElementsAre("x\"y"));
    EXPECT_THAT(Read(ReadCsv, "a\r\nx\ry\r\n", {"a"}), ElementsAre("x\ry"));
}

TEST(Feeder, ABadCsvFileIsNamedWithItsLine) {
    EXPECT_EQ(Refused(ReadCsv, "", {"a"}),
              "items.csv:1:1: the file is empty; its first line names the columns");
    EXPECT_EQ(Refused(ReadCsv, "\n\n", {"a"}),
              "items.csv:1:1: the file is empty; its first line names the columns");
    EXPECT_EQ(Refused(ReadCsv, "a,b\n", {"a"}),
              "items.csv:1:1: there are no rows below the names of the columns");
    EXPECT_EQ(Refused(ReadCsv, "a,b\n1,2\n3\n", {"a"}),
              "items.csv:3:1: there are 1 fields, but 2 columns");
    EXPECT_EQ(Refused(ReadCsv, "a,b\n\"1\n\",2\n3,4,5\n", {"a"}),
              "items.csv:4:1: there are 3 fields, but 2 columns");
    EXPECT_EQ(Refused(ReadCsv, "a,b\n\"1,2\n", {"a"}),
              "items.csv:2:1: a quoted field has no end; double a quote within it");
    EXPECT_EQ(
        Refused(ReadCsv, "a,b\n\"1\"x,2\n", {"a"}),
        "items.csv:2:1: a quoted field ends with a quote, then a comma or the line's end must "
        "come");
    EXPECT_EQ(Refused(ReadCsv, "a,a\n1,2\n", {"a"}), "items.csv:1:1: two columns are called 'a'");
    EXPECT_EQ(Refused(ReadCsv, "sku,price\n1,2\n", {"prize"}),
              "flow.yaml:3:4: feeder 'items' has no column 'prize'; did you mean 'price'?");
}

TEST(Feeder, ReadsJsonl) {
    EXPECT_THAT(Read(ReadJsonl, "\xEF\xBB\xBF{\"a\":\"x\",\"b\":1}\r\n\n{\"b\":[1, 2],\"a\":null}",
                     {"a", "b"}),
                ElementsAre("x", "1", "null", "[1,2]"));
    EXPECT_EQ(Refused(ReadJsonl, " \n", {"a"}),
              "items.csv:1:1: the file is empty; each line is a JSON object");
    EXPECT_EQ(Refused(ReadJsonl, "{\"a\":1}\n[1]\n", {"a"}),
              "items.csv:2:1: this is not a JSON object on one line");
    EXPECT_EQ(Refused(ReadJsonl, "{\"a\":1}\n{\"a\":\n", {"a"}),
              "items.csv:2:1: this is not a JSON object on one line");
    EXPECT_EQ(Refused(ReadJsonl, "{\"a\":1}\n{\"b\":1}\n", {"a"}),
              "items.csv:2:1: the row has no 'a'");
    EXPECT_EQ(Refused(ReadJsonl, "{\"sku\":1}\n", {"skv"}),
              "flow.yaml:3:4: feeder 'items' has no column 'skv'; did you mean 'sku'?");
}

/// Rows that the processes of a run take, one after the other, until one has no more or `most` are
/// taken.
std::vector<std::vector<std::size_t>> Deal(FeederSpec::Order order, bool repeat, std::size_t rows,
                                           std::uint32_t processes, std::size_t most,
                                           std::uint64_t seed = 1) {
    FeederSpec spec = Spec({"a"});
    spec.order = order;
    spec.repeat = repeat;
    std::string text = "a\n";
    for (std::size_t row = 0; row < rows; ++row) text += "x\n";
    std::vector<std::vector<std::size_t>> dealt(processes);
    for (std::uint32_t process = 0; process < processes; ++process) {
        Feeder feeder(spec, ReadCsv(text, spec),
                      {.run = "r", .seed = seed, .process = process, .processes = processes});
        while (dealt[process].size() < most) {
            const auto row = feeder.Next();
            if (!row) break;
            dealt[process].push_back(*row);
        }
    }
    return dealt;
}

using Order = FeederSpec::Order;

TEST(Feeder, SequentialRowsAreDealtOutSoThatNoneIsUsedTwice) {
    EXPECT_THAT(Deal(Order::kSequential, false, 7, 3, 100),
                ElementsAre(ElementsAre(0, 3, 6), ElementsAre(1, 4), ElementsAre(2, 5)));
    EXPECT_THAT(Deal(Order::kSequential, false, 1, 2, 100),
                ElementsAre(ElementsAre(0), ElementsAre()));
}

TEST(Feeder, BeginsAgainWhenItIsToldTo) {
    EXPECT_THAT(Deal(Order::kSequential, true, 3, 1, 7),
                ElementsAre(ElementsAre(0, 1, 2, 0, 1, 2, 0)));
    // More processes than rows: those without a share of their own take another's.
    EXPECT_THAT(Deal(Order::kSequential, true, 2, 3, 2),
                ElementsAre(ElementsAre(0, 0), ElementsAre(1, 1), ElementsAre(0, 0)));
}

TEST(Feeder, ShuffledRowsComeOnceEachInAnOrderThatTheSeedGives) {
    const auto dealt = Deal(Order::kShuffle, false, 50, 3, 100);
    std::vector<std::size_t> all;
    for (const auto& rows : dealt) all.insert(all.end(), rows.begin(), rows.end());
    EXPECT_EQ(all.size(), 50U);
    EXPECT_EQ(std::set<std::size_t>(all.begin(), all.end()).size(), 50U);
    EXPECT_FALSE(std::is_sorted(dealt[0].begin(), dealt[0].end()));
    EXPECT_EQ(dealt, Deal(Order::kShuffle, false, 50, 3, 100));
    EXPECT_NE(dealt, Deal(Order::kShuffle, false, 50, 3, 100, 2));
    const auto twice = Deal(Order::kShuffle, true, 50, 1, 100)[0];
    EXPECT_FALSE(std::equal(twice.begin(), twice.begin() + 50, twice.begin() + 50));
}

TEST(Feeder, RandomRowsNeverEnd) {
    const auto dealt = Deal(Order::kRandom, false, 4, 1, 4000);
    std::map<std::size_t, int> counts;
    for (const std::size_t row : dealt[0]) ++counts[row];
    EXPECT_EQ(counts.size(), 4U);
    for (const auto& [row, count] : counts) EXPECT_NEAR(count, 1000, 200) << row;
}

class FeederFile : public testing::Test {
  protected:
    FeederFile() {
        std::string pattern = testing::TempDir() + "feeder-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
    }
    ~FeederFile() override { std::filesystem::remove_all(directory_); }

    void Write(const std::string& name, const std::string& text) {
        std::ofstream(directory_ + "/" + name) << text;
    }
    std::string File() const { return directory_ + "/flow.yaml"; }

    std::string directory_;
};

constexpr std::string_view kFlow = R"(
feeders:
  items: {file: items.csv}
steps:
  - request: POST /${items.sku}
    json: {sku: "${items.sku}", quantity: "${number items.quantity}"}
  - request: GET /${items.sku}
)";

TEST_F(FeederFile, AJourneyTakesOneRowAndTheRunEndsWithTheRows) {
    Write("items.csv", "sku,ignored,quantity\nte\"a,x,2\nmug,y,many\n");
    Walk walk(kFlow, {.run = "r"}, File());
    EXPECT_EQ(walk.Begin(1).NextBody(), R"({"sku":"te\"a","quantity":2})");
    EXPECT_THAT(walk.out().bytes, HasSubstr("POST /te%22a HTTP"));
    walk.Next();
    EXPECT_THAT(walk.out().bytes, HasSubstr("GET /te%22a HTTP"));
    EXPECT_EQ(walk.Begin(2).NextBody(), R"({"sku":"mug","quantity":"many"})");
    EXPECT_EQ(walk.Begin(3).NextStep(), "exhausted");
    EXPECT_EQ(walk.NextStep(), "exhausted");
}

TEST_F(FeederFile, AFileThatCannotBeReadIsOneLineWithItsPlaceInTheFlow) {
    const auto refusal = [&] {
        try {
            Walk walk(kFlow, {.run = "r"}, File());
        } catch (const FlowError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    EXPECT_EQ(refusal(), File() + ":3:17: the feeder's file " + Quoted(directory_ + "/items.csv") +
                             " cannot be read: No such file or directory");
    std::filesystem::create_directory(directory_ + "/items.csv");
    EXPECT_THAT(refusal(), HasSubstr(":3:17: the feeder's file "));
    EXPECT_THAT(refusal(), HasSubstr("is a folder"));
    std::filesystem::remove(directory_ + "/items.csv");
    Write("items.csv", "sku,price\na,1\n");
    EXPECT_EQ(refusal(),
              File() + ":6:43: feeder 'items' has no column 'quantity'; known are sku, price");
}

TEST(Feeder, TheFlowFilesSectionIsChecked) {
    EXPECT_EQ(Refusal("feeders: {a: {}}\nsteps: [{request: GET /}]"),
              "f.yaml:1:14: 'a' has no 'file': the path of a CSV or JSONL file");
    EXPECT_EQ(Refusal("feeders: {a: {file: x.txt}}\nsteps: [{request: GET /}]"),
              "f.yaml:1:21: the name does not end in .csv or .jsonl; add 'format: csv' or 'format: "
              "jsonl'");
    EXPECT_EQ(Refusal("feeders: {a: {file: x.csv, order: any}}\nsteps: [{request: GET /}]"),
              "f.yaml:1:35: 'order' must be sequential, random or shuffle, not 'any'");
    EXPECT_EQ(Refusal("feeders: {a: {file: x.csv, at_end: wrap}}\nsteps: [{request: GET /}]"),
              "f.yaml:1:36: 'at_end' must be stop or repeat, not 'wrap'");
    EXPECT_EQ(
        Refusal(
            "feeders: {a: {file: x.csv, order: random, at_end: stop}}\nsteps: [{request: GET /}]"),
        "f.yaml:1:51: a random feeder has no end; remove 'at_end'");
    EXPECT_EQ(
        Refusal("feeders: {a: {file: x.csv}}\nsteps: [{request: GET /}]"),
        "f.yaml:1:21: nothing uses the feeder 'a'; write ${a.COLUMN} in a step, or remove it");
}

}  // namespace
}  // namespace holdfast::load
