#include <algorithm>
#include <cmath>
#include <ostream>

#include "load/report/describe.h"
#include "load/report/format.h"
#include "load/report/report.h"
#include "load/report/text_table.h"

namespace holdfast::load {
namespace {

std::vector<std::string> FigureRow(const std::string& name, const StepFigures& step) {
    std::vector<std::string> row = {Printable(name),
                                    FormatCount(step.sent),
                                    FormatCount(step.Good()),
                                    FormatCount(step.Errors()),
                                    FormatShare(step.ErrorRate()),
                                    FormatRate(step.AnsweredRate())};
    for (const double quantile : {0.5, 0.9, 0.99, 0.999, 1.0}) {
        row.push_back(FormatDuration(step.latency.At(quantile)));
    }
    return row;
}

void PrintFigures(const Figures& figures, std::ostream& out) {
    TextTable table;
    table.Row({"step", "sent", "good", "errors", "error rate", "answers/s", "p50", "p90", "p99",
               "p99.9", "max"});
    for (const StepFigures& step : figures.steps) table.Row(FigureRow(step.name, step));
    if (figures.steps.size() != 1) table.Row(FigureRow("all", figures.all));
    table.Print(out);
}

/// How the latencies are spread, four rows for each power of ten from 1 µs on.
void PrintSpectrum(const Histogram& latency, std::ostream& out) {
    if (latency.count() == 0) return;
    struct Row {
        Duration upto;
        std::uint64_t count;
    };
    std::vector<Row> rows;
    std::uint64_t before = 0;
    for (int quarter = 12; before < latency.count(); ++quarter) {
        const Duration upto(std::llround(std::pow(10, quarter / 4.0)));
        const std::uint64_t upto_here = latency.CountUpTo(upto);
        if (upto_here > before || !rows.empty()) rows.push_back({upto, upto_here - before});
        before = upto_here;
    }
    const auto most = std::max_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
                          return a.count < b.count;
                      })->count;
    out << "\nlatency, from the planned send time\n";
    TextTable table;
    for (const Row& row : rows) {
        const double share = static_cast<double>(row.count) / static_cast<double>(most);
        std::string bar = Bar(share, 40);
        if (row.count > 0 && bar.empty()) bar = "▏";
        table.Row({"  ≤ " + FormatDuration(row.upto), FormatCount(row.count),
                   bar + std::string(40 - std::min<std::size_t>(40, Columns(bar)), ' ')});
    }
    table.Print(out);
}

void Line(std::ostream& out, std::string_view name, const std::string& text) {
    if (text.empty()) return;
    out << name << std::string(14 - std::min<std::size_t>(13, name.size()), ' ') << text << '\n';
}

std::string TwoPercentiles(const Histogram& histogram) {
    return "p50 " + FormatDuration(histogram.At(0.5)) + ", p99 " +
           FormatDuration(histogram.At(0.99));
}

void PrintThresholds(const Result& result, const Palette& palette, std::ostream& out) {
    if (result.thresholds.empty()) return;
    std::size_t widest = 0;
    for (const ThresholdResult& each : result.thresholds) {
        widest = std::max(widest, Columns(Printable(each.threshold.text)));
    }
    out << "\nthresholds\n";
    for (const ThresholdResult& each : result.thresholds) {
        const std::string text = Printable(each.threshold.text);
        out << "  " << (each.passed ? palette.Good() : palette.Bad())
            << (each.passed ? "passed" : "FAILED") << palette.Plain() << "  " << text
            << std::string(widest - Columns(text), ' ') << "  "
            << (each.no_data ? "nothing was measured"
                             : "measured " + FormatMeasured(each.threshold, each.measured))
            << '\n';
    }
}

void PrintSearch(const Result& result, const Palette& palette, std::ostream& out) {
    if (result.load.mode != LoadMode::kFindLimit) return;
    out << "\nsearch for the limit\n";
    for (const ProbeResult& probe : result.probes) {
        out << "  " << (probe.passed ? palette.Good() : palette.Bad())
            << (probe.passed ? "passed" : "FAILED") << palette.Plain() << "  "
            << FormatRate(probe.rate) << " journeys/s" << (probe.why.empty() ? "" : "  ")
            << Printable(probe.why) << '\n';
    }
    out << "  "
        << (result.limit ? "limit: " + FormatRate(*result.limit) + " journeys/s"
                         : std::string("no rate passed"))
        << '\n';
}

}  // namespace

void PrintTable(const Result& result, std::ostream& out, bool colour) {
    const Palette palette(colour);
    const Figures figures = Measure(result);
    out << palette.Bold() << Printable(result.flow) << palette.Plain() << " against "
        << Printable(result.target) << ", run " << Printable(result.run) << ", seed " << result.seed
        << '\n'
        << DescribeRun(result) << '\n';
    if (result.load.mode == LoadMode::kClosed) {
        out << palette.Warn() << kClosedLoopLabel << palette.Plain() << '\n';
    }
    out << '\n';
    PrintFigures(figures, out);
    PrintSpectrum(figures.all.latency, out);

    out << '\n';
    Line(out, "errors", DescribeErrors(figures.all));
    for (const std::string& note : Notes(result, 8)) Line(out, "", Printable(note));
    Line(out, "statuses", DescribeStatuses(figures.all));
    Line(out, "outcomes", DescribeOutcomes(figures.all));
    Line(out, "service time", TwoPercentiles(figures.all.service_time));
    Line(out, "blocked",
         FormatShare(figures.all.BlockedShare()) + " of the latency waited for a free connection");
    Line(out, "bytes",
         FormatBytes(figures.all.bytes_out) + " out, " + FormatBytes(figures.all.bytes_in) + " in");
    Line(out, "generator",
         "slip " + TwoPercentiles(figures.slip) + "; " + FormatShare(figures.cpu_cores) +
             " of a core for each process");
    PrintSearch(result, palette, out);
    PrintThresholds(result, palette, out);
    for (const std::string& warning : result.warnings) {
        out << '\n'
            << palette.Warn() << "warning: " << palette.Plain() << Printable(warning) << '\n';
    }
}

}  // namespace holdfast::load
