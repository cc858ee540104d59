#include <ostream>

#include "load/report/format.h"
#include "load/report/report.h"
#include "load/report/utf8.h"
#include "load/result/figures.h"

namespace holdfast::load {
namespace {

/// RFC 4180. A text that a spreadsheet would take for a formula gets a quote in front.
std::string Cell(std::string_view text) {
    std::string cell = ValidUtf8(text);
    if (!cell.empty() &&
        std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos) {
        cell.insert(0, 1, '\'');
    }
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char character : cell) {
        quoted += character;
        if (character == '"') quoted += '"';
    }
    return quoted + '"';
}

void Row(std::ostream& out, const std::string& second, std::string_view name,
         const StepFigures& step) {
    out << second << ',' << Cell(name) << ',' << step.sent << ',' << step.answered << ','
        << step.Good() << ',' << step.Errors() << ',' << step.Lost();
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) out << ',' << step.errors[kind];
    out << ',' << step.bytes_out << ',' << step.bytes_in;
    const auto durations = [&out](const Histogram& histogram,
                                  std::initializer_list<double> quantiles) {
        for (const double quantile : quantiles) {
            // Whole nanoseconds, written without rounding.
            const std::int64_t nanoseconds = histogram.At(quantile).count();
            std::string part = std::to_string(nanoseconds % 1'000'000'000);
            part.insert(0, 9 - part.size(), '0');
            out << ',' << nanoseconds / 1'000'000'000 << '.' << part;
        }
    };
    durations(step.latency, {0.5, 0.9, 0.99, 0.999, 1});
    durations(step.good_latency, {0.5, 0.99});
    durations(step.service_time, {0.5, 0.99});
    durations(step.blocked, {0.5, 0.99});
    out << "\r\n";
}

}  // namespace

void WriteCsv(const Result& result, std::ostream& out) {
    out << "second,step,sent,answered,good,errors,lost";
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) out << ',' << kErrorKindNames[kind];
    out << ",bytes_out,bytes_in,latency_p50,latency_p90,latency_p99,latency_p99.9,latency_max,"
           "good_latency_p50,good_latency_p99,service_time_p50,service_time_p99,blocked_p50,"
           "blocked_p99\r\n";
    for (const Interval& interval : result.intervals) {
        for (std::size_t step = 0; step < interval.steps.size(); ++step) {
            StepFigures figures;
            static_cast<StepInterval&>(figures) = interval.steps[step];
            Row(out, std::to_string(interval.second),
                step < result.steps.size() ? result.steps[step] : std::to_string(step), figures);
        }
    }
    const Figures figures = Measure(result);
    for (const StepFigures& step : figures.steps) Row(out, "total", step.name, step);
    Row(out, "total", "", figures.all);
}

}  // namespace holdfast::load
