#include <algorithm>
#include <cstdio>
#include <ostream>

#include "load/report/describe.h"
#include "load/report/escape.h"
#include "load/report/format.h"
#include "load/report/report.h"

namespace holdfast::load {
namespace {

std::string Text(double seconds) {
    char text[64];
    std::snprintf(text, sizeof text, "%.3f", seconds);
    return text;
}

void Property(std::ostream& out, std::string_view name, std::string_view value) {
    out << "      <property name=\"" << name << "\" value=\"" << EscapeMarkup(value) << "\"/>\n";
}

void TestCase(std::ostream& out, const Result& result, const ThresholdResult& each,
              double seconds) {
    out << "    <testcase classname=\"holdfast-load." << EscapeMarkup(result.flow) << "\" name=\""
        << EscapeMarkup(each.threshold.text) << "\" time=\"" << Text(seconds) << '"';
    if (each.passed) {
        out << "/>\n";
        return;
    }
    const std::string measured = each.no_data
                                     ? "nothing was measured"
                                     : "measured " + FormatMeasured(each.threshold, each.measured);
    out << ">\n      <failure type=\"threshold\" message=\""
        << EscapeMarkup(each.threshold.text + ": " + measured) << "\"/>\n    </testcase>\n";
}

}  // namespace

void WriteJunit(const Result& result, std::ostream& out) {
    const Figures figures = Measure(result);
    const auto failures = std::count_if(result.thresholds.begin(), result.thresholds.end(),
                                        [](const ThresholdResult& each) { return !each.passed; });
    const std::string counts = " tests=\"" + std::to_string(result.thresholds.size() + 1) +
                               "\" failures=\"" + std::to_string(failures) + "\" errors=\"" +
                               (result.interrupted ? "1" : "0") + "\" time=\"" +
                               Text(figures.seconds) + "\"";
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" << counts
        << ">\n  <testsuite name=\"holdfast-load." << EscapeMarkup(result.flow) << "\"" << counts
        << " timestamp=\"" << FormatTime(result.started).substr(0, 19) << "\">\n"
        << "    <properties>\n";
    Property(out, "run", result.run);
    Property(out, "seed", std::to_string(result.seed));
    Property(out, "target", result.target);
    Property(out, "machine", result.machine);
    Property(out, "load", DescribeRun(result));
    out << "    </properties>\n    <testcase classname=\"holdfast-load."
        << EscapeMarkup(result.flow) << "\" name=\"the run came to its end\" time=\""
        << Text(figures.seconds) << '"';
    if (result.interrupted) {
        out << ">\n      <error type=\"interrupted\" message=\"the run was interrupted\"/>\n"
            << "    </testcase>\n";
    } else {
        out << "/>\n";
    }
    for (const ThresholdResult& each : result.thresholds) {
        TestCase(out, result, each, figures.seconds);
    }
    out << "    <system-out>";
    if (result.load.mode == LoadMode::kClosed) out << EscapeMarkup(kClosedLoopLabel) << '\n';
    for (const std::string& warning : result.warnings) {
        out << "warning: " << EscapeMarkup(warning) << '\n';
    }
    for (const std::string& note : Notes(result, 20)) out << EscapeMarkup(note) << '\n';
    out << "</system-out>\n  </testsuite>\n</testsuites>\n";
}

}  // namespace holdfast::load
