#include <algorithm>
#include <cmath>
#include <ostream>

#include "load/report/describe.h"
#include "load/report/escape.h"
#include "load/report/format.h"
#include "load/report/html.h"
#include "load/result/evaluate.h"

namespace holdfast::load {
namespace {

std::string Two(double value) {
    return std::to_string(static_cast<int>(std::lround(value)));
}

void Tile(std::ostream& out, std::string_view name, const std::string& value,
          const std::string& more, bool bad = false) {
    out << "<div class=\"tile" << (bad ? " bad" : "") << "\"><div class=\"name\">" << name
        << "</div><div class=\"value\">" << value << "</div><div class=\"more\">"
        << EscapeMarkup(more) << "</div></div>\n";
}

std::string At(const Histogram& histogram, double quantile) {
    return histogram.count() == 0 ? "–" : FormatDuration(histogram.At(quantile));
}

void Cells(std::ostream& out, std::initializer_list<std::string> cells) {
    for (const std::string& cell : cells) out << "<td>" << cell << "</td>";
}

void State(std::ostream& out, bool passed, std::string_view good, std::string_view bad) {
    out << "<td class=\"state " << (passed ? "pass\">✓ " : "fail\">✗ ") << (passed ? good : bad)
        << "</td>";
}

void CountRow(std::ostream& out, const StepFigures& step, bool total) {
    out << "<tr" << (total ? " class=\"total\"" : "") << "><th scope=\"row\">"
        << (total ? "all steps" : EscapeMarkup(step.name)) << "</th>";
    Cells(out, {FormatCount(step.sent), FormatCount(step.answered), FormatCount(step.Good()),
                FormatCount(step.Errors()), FormatShare(step.ErrorRate()), FormatCount(step.Lost()),
                FormatRate(step.SentRate()), FormatRate(step.AnsweredRate()),
                FormatShare(step.BlockedShare()), FormatBytes(step.bytes_out),
                FormatBytes(step.bytes_in)});
    out << "</tr>\n";
}

void LatencyRow(std::ostream& out, const std::string& name, const Histogram& histogram,
                bool total) {
    out << "<tr" << (total ? " class=\"total\"" : "") << "><th scope=\"row\">" << name << "</th>";
    Cells(out,
          {At(histogram, 0.5), At(histogram, 0.75), At(histogram, 0.9), At(histogram, 0.95),
           At(histogram, 0.99), At(histogram, 0.999), At(histogram, 0.9999), At(histogram, 1)});
    const bool any = histogram.count() > 0;
    Cells(out, {any ? FormatDuration(histogram.Mean()) : "–",
                any ? FormatDuration(histogram.StandardDeviation()) : "–"});
    out << "</tr>\n";
}

void Detail(std::ostream& out, std::string_view name, const std::string& text) {
    if (!text.empty()) out << "<dt>" << name << "</dt><dd>" << EscapeMarkup(text) << "</dd>\n";
}

void WriteLatencies(const Figures& figures, std::ostream& out) {
    out << "<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">duration</th>";
    for (const char* name :
         {"p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean", "deviation"}) {
        out << "<th scope=\"col\">" << name << "</th>";
    }
    out << "</tr></thead><tbody>\n";
    if (figures.steps.size() != 1) {
        for (const StepFigures& step : figures.steps) {
            LatencyRow(out, "latency of " + EscapeMarkup(step.name), step.latency, false);
        }
    }
    const StepFigures& all = figures.all;
    LatencyRow(out, "latency", all.latency, true);
    if (all.Errors() > 0) LatencyRow(out, "latency of good answers", all.good_latency, false);
    LatencyRow(out, "service time", all.service_time, false);
    LatencyRow(out, "blocked, without a free connection", all.blocked, false);
    LatencyRow(out, "slip, the generator's own lateness", figures.slip, false);
    out << "</tbody></table></div>\n";
}

}  // namespace

void WriteTiles(const Figures& figures, std::ostream& out) {
    const StepFigures& all = figures.all;
    out << "<section class=\"tiles\" aria-label=\"Key figures\">\n";
    Tile(out, "answers per second", FormatRate(all.AnsweredRate()),
         FormatRate(all.SentRate()) + "/s sent, over " +
             FormatDuration(Duration(std::llround(figures.seconds * 1e9))));
    Tile(out, "latency p50", At(all.latency, 0.5), "p90 " + At(all.latency, 0.9));
    Tile(out, "latency p99", At(all.latency, 0.99),
         "p99.9 " + At(all.latency, 0.999) + ", max " + At(all.latency, 1));
    Tile(out, "errors", FormatShare(all.ErrorRate()),
         FormatCount(all.Errors()) + " of " + FormatCount(all.Ended()), all.Errors() > 0);
    Tile(out, "lost", FormatCount(all.Lost()), "sent, and no answer came", all.Lost() > 0);
    Tile(out, "generator", Two(figures.cpu_cores * 100) + " % CPU",
         "slip p99 " + At(figures.slip, 0.99), Assess(figures).bottleneck);
    out << "</section>\n";
}

void WriteThresholds(const Result& result, std::ostream& out) {
    if (result.thresholds.empty()) return;
    out << "<h2>Thresholds</h2>\n<div id=\"thresholds\" class=\"card scroll\"><table><thead><tr>"
           "<th scope=\"col\">threshold</th><th scope=\"col\">measured</th>"
           "<th scope=\"col\">result</th></tr></thead><tbody>\n";
    for (const ThresholdResult& each : result.thresholds) {
        out << "<tr><th scope=\"row\"><code>" << EscapeMarkup(each.threshold.text)
            << "</code></th><td>"
            << (each.no_data ? "nothing" : FormatMeasured(each.threshold, each.measured))
            << "</td>";
        State(out, each.passed, "passed", "failed");
        out << "</tr>\n";
    }
    out << "</tbody></table></div>\n";
}

void WriteSearch(const Result& result, std::ostream& out) {
    if (result.probes.empty()) return;
    double most = 1;
    for (const ProbeResult& probe : result.probes) most = std::max(most, probe.rate);
    out << "<h2>Search for the limit</h2>\n<p>"
        << (result.limit ? "The highest rate that passed: <strong>" + FormatRate(*result.limit) +
                               " journeys/s</strong>."
                         : std::string("No rate passed."))
        << "</p>\n<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">probe</th>"
           "<th scope=\"col\">journeys/s</th><th scope=\"col\" class=\"text\"></th>"
           "<th scope=\"col\">result</th><th scope=\"col\" class=\"text\">why</th></tr></thead>"
           "<tbody>\n";
    for (std::size_t n = 0; n < result.probes.size(); ++n) {
        const ProbeResult& probe = result.probes[n];
        out << "<tr><th scope=\"row\">" << n + 1 << "</th><td>" << FormatRate(probe.rate)
            << "</td><td class=\"text\"><span class=\"meter\"><i"
            << (probe.passed ? "" : " class=\"fail\"")
            << " style=\"width:" << Two(std::clamp(probe.rate / most, 0.0, 1.0) * 100)
            << "%\"></i></span></td>";
        State(out, probe.passed, "passed", "failed");
        out << "<td class=\"text\">" << EscapeMarkup(probe.why) << "</td></tr>\n";
    }
    out << "</tbody></table></div>\n";
}

void WriteFigureTables(const Result& result, const Figures& figures, std::ostream& out) {
    out << "<h2>Figures</h2>\n<div class=\"card scroll\"><table><thead><tr>"
           "<th scope=\"col\">step</th>";
    for (const char* name : {"sent", "answered", "good", "errors", "error rate", "lost", "sent/s",
                             "answered/s", "blocked", "out", "in"}) {
        out << "<th scope=\"col\">" << name << "</th>";
    }
    out << "</tr></thead><tbody>\n";
    if (figures.steps.size() != 1) {
        for (const StepFigures& step : figures.steps) CountRow(out, step, false);
    }
    CountRow(out, figures.all, true);
    out << "</tbody></table></div>\n";
    WriteLatencies(figures, out);
    out << "<dl>\n";
    Detail(out, "errors", figures.all.Errors() > 0 ? DescribeErrors(figures.all) : "none");
    Detail(out, "statuses", DescribeStatuses(figures.all));
    Detail(out, "Holdfast-Outcome", DescribeOutcomes(figures.all));
    Detail(out, "most in flight",
           FormatCount(figures.most_in_flight) + ", waiting for a " + "connection " +
               FormatCount(figures.most_waiting));
    Detail(out, "connections opened", FormatCount(figures.connects));
    for (const std::string& note : Notes(result, 12)) Detail(out, "for example", note);
    out << "</dl>\n";
}

void WriteMarks(const Result& result, std::ostream& out) {
    if (result.marks.empty()) return;
    out << "<h2>Marks</h2>\n<div class=\"card scroll\"><table><thead><tr><th "
           "scope=\"col\">mark</th>"
           "<th scope=\"col\">second</th><th scope=\"col\" class=\"text\">what</th>"
           "<th scope=\"col\">result</th></tr></thead><tbody>\n";
    for (std::size_t n = 0; n < result.marks.size(); ++n) {
        const Mark& mark = result.marks[n];
        out << "<tr><th scope=\"row\">" << n + 1 << "</th><td>" << FormatRate(mark.second)
            << "</td><td class=\"text\">" << EscapeMarkup(mark.label) << "</td>";
        State(out, !mark.failed, "done", "could not be made");
        out << "</tr>\n";
    }
    out << "</tbody></table></div>\n";
}

void WriteRunDetails(const Result& result, std::ostream& out) {
    out << "<h2>The run</h2>\n<div class=\"card\"><dl>\n";
    Detail(out, "target", result.target);
    Detail(out, "load", DescribeRun(result));
    Detail(out, "started", FormatTime(result.started));
    Detail(out, "machine", result.machine);
    Detail(out, "run", result.run + ", seed " + std::to_string(result.seed));
    Detail(out, "version", "holdfast-load " + result.version);
    out << "</dl>\n<details><summary>What the figures mean</summary>\n<dl>\n"
           "<dt>latency</dt><dd>from the moment a request was planned to be sent to the last byte "
           "of its answer. When the server or the connections hold up requests, their wait is in "
           "it.</dd>\n"
           "<dt>service time</dt><dd>from the first byte written to the last byte read: what "
           "closed-loop tools report. The distance to latency is what they do not see.</dd>\n"
           "<dt>blocked</dt><dd>from the planned moment until a connection was free. In the table "
           "of steps: its share of the latency.</dd>\n"
           "<dt>lost</dt><dd>sent, and its client never learned what became of it: a timeout, or "
           "the connection ended.</dd>\n"
           "<dt>slip</dt><dd>how late the generator itself woke for a planned send. It is in the "
           "latency, and not the server's.</dd>\n"
           "<dt>percentiles</dt><dd>of all requests together, each within 0.8 %; never averages of "
           "percentiles. The warm-up counts in no table; on the plots it is grey.</dd>\n"
           "</dl></details></div>\n";
}

}  // namespace holdfast::load
