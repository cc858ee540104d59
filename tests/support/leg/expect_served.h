#pragma once

#include <gtest/gtest.h>

#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"

namespace holdfast::test {

/// That a request is answered by `worker`.
inline void ExpectServed(LegUnderTest& leg, FakeWorker& worker) {
    leg.Submit("x");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    worker.Answer(*request, 200, "y");
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, gateway::Outcome::kReplied);
}

}  // namespace holdfast::test
