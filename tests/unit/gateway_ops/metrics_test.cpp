#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/ops/endpoints.h"
#include "tests/unit/gateway_ops/fake_gateway.h"

namespace holdfast::gateway::ops {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class MetricsPage : public ::testing::Test {
  protected:
    std::string Scrape() {
        SnapshotReader reader(gateway_.snapshots, 0);
        const OpsSources sources = gateway_.Sources();
        return Metrics({sources, reader, 4, TimePoint(1h)}).body;
    }

    FakeGateway gateway_;
};

/// "name type" of each family, with the names of its labels, in the page's order.
std::vector<std::string> Families(const std::string& page) {
    std::vector<std::string> families;
    std::set<std::string> labels;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) families.push_back(line.substr(7));
        if (line.starts_with("#")) continue;
        const std::size_t brace = line.find('{');
        if (brace == std::string::npos || families.empty()) continue;
        const std::string label = line.substr(brace + 1, line.find('=', brace) - brace - 1);
        if (label == "le") continue;
        const std::string with = " {" + label + "}";
        if (!families.back().ends_with(with)) families.back() += with;
    }
    return families;
}

// Dashboards and alerts are written against these names: changing one breaks its users.
TEST_F(MetricsPage, HasTheNamesThatItsUsersKnow) {
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    std::ifstream golden(HOLDFAST_METRICS_GOLDEN);
    ASSERT_TRUE(golden) << HOLDFAST_METRICS_GOLDEN;
    std::vector<std::string> expected;
    for (std::string line; std::getline(golden, line);) expected.push_back(line);
    EXPECT_EQ(Families(Scrape()), expected);
}

TEST_F(MetricsPage, EachNameIsOneFamily) {
    const std::vector<std::string> families = Families(Scrape());
    EXPECT_EQ(std::set<std::string>(families.begin(), families.end()).size(), families.size());
}

TEST_F(MetricsPage, SumsTheBlocksOfAllThreads) {
    gateway_.loop_counters.Add(Counter::kOutcomeNoWorker, 2);
    gateway_.bus_counters.Add(Counter::kOutcomeNoWorker, 3);
    gateway_.bus_counters.Add(Counter::kEnvelopesSent, 9);
    const std::string page = Scrape();
    EXPECT_THAT(page, HasSubstr("holdfast_requests_total{outcome=\"no-worker\"} 5\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_requests_total{outcome=\"replied\"} 0\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_envelopes_sent_total 9\n"));
}

TEST_F(MetricsPage, LatencyBucketsAreCumulative) {
    gateway_.loop_counters.latency().Record(50us);
    gateway_.bus_counters.latency().Record(100us);
    gateway_.bus_counters.latency().Record(1h);
    const std::string page = Scrape();
    EXPECT_THAT(page, HasSubstr("holdfast_request_duration_seconds_count 3\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_request_duration_seconds_bucket{le=\"0.000128\"} 2\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_request_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_request_duration_seconds_sum 3600.00015\n"));
}

TEST_F(MetricsPage, ShowsBudgetsAgainstTheirLimits) {
    const auto permit = gateway_.inflight.TryAdmit(1000);
    const std::string page = Scrape();
    EXPECT_THAT(page, HasSubstr("holdfast_pending_requests 1\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_pending_requests_limit 100\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_pending_bytes 1000\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_ops_connections_refused_total 4\n"));
}

TEST_F(MetricsPage, ShowsEachServiceOfTheSnapshot) {
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    const std::string page = Scrape();
    EXPECT_THAT(page, HasSubstr("holdfast_workers{service=\"orders\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("holdfast_queued_requests{service=\"orders\"} 5\n"));
}

TEST_F(MetricsPage, NamesOfServicesCannotBreakTheLines) {
    gateway_.snapshot.services[0].name = "a\"b\nc\\";
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    EXPECT_THAT(Scrape(), HasSubstr(R"(holdfast_workers{service="a\"b\nc\\"} 1)"));
}

TEST_F(MetricsPage, TheDocumentedTableNamesEveryFamily) {
    std::ifstream file(HOLDFAST_OPS_DOC);
    ASSERT_TRUE(file) << HOLDFAST_OPS_DOC;
    std::stringstream text;
    text << file.rdbuf();
    gateway_.snapshots.Put(std::make_shared<Snapshot>(gateway_.snapshot));
    std::istringstream lines(Scrape());
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("# HELP ")) continue;
        const std::size_t space = line.find(' ', 7);
        const std::string name = line.substr(7, space - 7);
        EXPECT_THAT(text.str(), HasSubstr("| `" + name + "` |")) << "docs/ops.md lacks it";
        EXPECT_THAT(text.str(), HasSubstr(line.substr(space + 1))) << "docs/ops.md, " << name;
    }
}

}  // namespace
}  // namespace holdfast::gateway::ops
