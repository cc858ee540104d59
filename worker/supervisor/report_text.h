#pragma once

#include <string>
#include <string_view>

namespace holdfast::worker {

/// A line of a crash report for people: C++ names as they stand in the source, `copy` (a private
/// copy's path) replaced by `plugin`, nothing that could break a log line.
/// Thread: any.
std::string ReportText(std::string_view line, std::string_view copy, std::string_view plugin);

}  // namespace holdfast::worker
