#include "load/run/ops_scraper.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

namespace holdfast::load {
namespace {

constexpr const char* kText =
    "# HELP holdfast_pending_requests Requests that hold a permit.\n"
    "# TYPE holdfast_pending_requests gauge\n"
    "holdfast_pending_requests 12\n"
    "holdfast_pending_requests_limit 10000\n"
    "holdfast_pending_bytes 4096\n"
    "holdfast_workers{service=\"orders\"} 2\n"
    "holdfast_workers{service=\"echo\"} 1\n"
    "process_resident_memory_bytes 1.2345678e+07\n"
    "process_cpu_seconds_total 1.5";

TEST(ParseMetrics, TakesWhatTheReportShows) {
    const OpsSample sample = ParseMetrics(kText, 3.5);
    EXPECT_EQ(sample.second, 3.5);
    EXPECT_EQ(sample.pending_requests, 12U);
    EXPECT_EQ(sample.pending_bytes, 4096U);
    EXPECT_EQ(sample.workers, 3U);
    EXPECT_EQ(sample.resident_bytes, 12'345'678U);
    EXPECT_EQ(sample.cpu_seconds, 1.5);
}

TEST(ParseMetrics, OfAnythingElseIsZero) {
    const OpsSample sample = ParseMetrics("holdfast_pending_requests x\n<html>\n\n", 0);
    EXPECT_EQ(sample.pending_requests, 0U);
    EXPECT_EQ(sample.resident_bytes, 0U);
}

TEST(ParseMetrics, ANumberThatIsNoCountIsZero) {
    for (const char* value : {"1e300", "-1", "inf", "nan"}) {
        const std::string text = std::string("holdfast_pending_requests ") + value + "\n";
        EXPECT_EQ(ParseMetrics(text, 0).pending_requests, 0U) << value;
    }
}

TEST(OpsScraper, SamplesAndCountsTheLooksThatFailed) {
    httplib::Server server;
    std::atomic<int> looks = 0;
    server.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
        if (++looks == 2) response.status = 503;
        response.body = kText;
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    Result result;
    {
        // Two looks are due at once: the run began a second ago.
        OpsScraper scraper("http://127.0.0.1:" + std::to_string(port),
                           Clock::now() - std::chrono::seconds(1));
        while (looks < 2) std::this_thread::yield();
        scraper.Finish(result);
    }
    server.stop();
    thread.join();
    ASSERT_GE(result.ops.size(), 1U);
    EXPECT_EQ(result.ops[0].pending_requests, 12U);
    ASSERT_EQ(result.warnings.size(), 1U);
    EXPECT_NE(result.warnings[0].find("the last one: /metrics answers 503"), std::string::npos)
        << result.warnings[0];
}

TEST(OpsScraper, WithoutAUrlLooksAtNothing) {
    Result result;
    OpsScraper scraper("", Clock::now());
    scraper.Finish(result);
    EXPECT_TRUE(result.ops.empty());
    EXPECT_TRUE(result.warnings.empty());
}

}  // namespace
}  // namespace holdfast::load
