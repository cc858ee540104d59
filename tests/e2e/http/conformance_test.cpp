// The table of docs/http-conformance.md against a real gateway with a real worker.
#include <gtest/gtest.h>

#include "tests/support/http/http_cases.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

constexpr const char* kConfig = R"(
limits: {head_timeout: 5s, body_timeout: 5s}
routes:
  - {path: /echo, methods: [GET, POST], service: echo, timeout: 20s, body_limit: 64KiB}
  - {path: "/v1/items/{id}", methods: [GET, PUT], service: echo, timeout: 20s, body_limit: 100B,
     content_types: [application/json]}
)";

TEST(HttpConformance, EveryCaseOfThePageGetsItsAnswerFromTheRealPrograms) {
    Stack stack(kConfig);
    stack.StartGateway();
    stack.StartWorker("echo");
    ASSERT_TRUE(stack.WaitForWorkers(1));
    std::size_t understood = 0;
    for (const test::HttpCaseGroup& group : test::HttpCases()) {
        for (const test::HttpCase& one : group.cases) {
            EXPECT_EQ(test::RunHttpCase(one, test::HttpClient(stack.ports().data)), "") << one.name;
            understood += test::UnderstoodOf(one);
        }
    }
    // Nothing more than what was answered has reached the worker.
    EXPECT_EQ(stack.Metric("holdfast_requests_suspended_total"), static_cast<double>(understood));
    EXPECT_TRUE(Eventually([&] { return stack.Metric("holdfast_connections") == 0; }));
    EXPECT_EQ(stack.Pending(), 0U);
}

}  // namespace
}  // namespace holdfast::testing
