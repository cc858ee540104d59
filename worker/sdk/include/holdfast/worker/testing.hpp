#pragma once

/// Drives a plugin inside a test program, without a gateway, a worker or a socket, with whatever
/// test framework:
///
///     auto host = holdfast::worker::testing::TestHost::For<Quote>();
///     const auto answer = host.Ask(Post("/v1/quote", R"({"symbol":"ACME"})"));
///     assert(answer.status == 200);
///     host.End();
///     assert(host.Violations().empty());
///
/// gtest.hpp has a GoogleTest fixture that does the last two lines by itself.

#include <holdfast/worker/testing/test_host.hpp>
