#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/result/figures.h"
#include "load/result/profile.h"

namespace holdfast::load {

/// "open loop, 5,000 journeys/s for 60 s", "closed loop, 64 users for 60 s", ...
std::string DescribeLoad(const LoadProfile& load);
/// The same with the connections, processes and warm-up.
std::string DescribeRun(const Result& result);

/// What a closed loop hides; stands beside every figure of one.
inline constexpr std::string_view kClosedLoopLabel =
    "closed loop: each user sends its next request only when the last one has ended. A slow "
    "server is sent fewer requests, and the wait of those that were not sent is in no figure "
    "(coordinated omission). Its latencies are no answer to what clients on their own clock would "
    "see";

/// "timeout 12 (lost), status 3"; empty when there were none.
std::string DescribeErrors(const StepFigures& step);
/// "201: 5,000, 503: 3", most first.
std::string DescribeStatuses(const StepFigures& step);
/// "replied: 5,000, timed-out: 3", most first, eight of them.
std::string DescribeOutcomes(const StepFigures& step);

/// The notes of the measured seconds, the same ones once, at most `most`: "status 503 (×12)".
std::vector<std::string> Notes(const Result& result, std::size_t most);

}  // namespace holdfast::load
