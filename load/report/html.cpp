#include "load/report/html.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include "load/report/base64.h"
#include "load/report/describe.h"
#include "load/report/escape.h"
#include "load/report/format.h"
#include "load/report/report.h"

namespace holdfast::load {
namespace {

/// Nothing is fetched, and no script runs but ours, whatever a name or a note holds.
std::string ContentSecurityPolicy() {
    std::string digest;
    for (std::size_t at = 0; at + 2 <= kReportScriptSha256.size(); at += 2) {
        unsigned byte = 0;
        const char* digits = kReportScriptSha256.data() + at;
        std::from_chars(digits, digits + 2, byte, 16);
        digest += static_cast<char>(byte);
    }
    return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + ToBase64(digest) +
           "'; base-uri 'none'; form-action 'none'";
}

void WriteVerdict(const Result& result, std::ostream& out) {
    const auto failed = std::count_if(result.thresholds.begin(), result.thresholds.end(),
                                      [](const ThresholdResult& each) { return !each.passed; });
    const std::size_t all = result.thresholds.size();
    if (result.interrupted) {
        out << "<div class=\"verdict fail\">✗ interrupted before its end</div>\n";
    }
    if (result.load.mode == LoadMode::kFindLimit) {
        out << (result.limit ? "<div class=\"verdict pass\">✓ limit: " + FormatRate(*result.limit) +
                                   " journeys/s</div>\n"
                             : "<div class=\"verdict fail\">✗ no rate passed</div>\n");
    } else if (all == 0) {
        if (!result.interrupted) out << "<div class=\"verdict none\">no thresholds set</div>\n";
    } else if (failed == 0) {
        out << "<div class=\"verdict pass\">✓ "
            << (all == 1 ? "the threshold" : "all " + std::to_string(all) + " thresholds")
            << " passed</div>\n";
    } else {
        out << "<div class=\"verdict fail\">✗ " << failed << " of " << all << " threshold"
            << (all == 1 ? "" : "s") << " failed</div>\n";
    }
}

void WriteCallouts(const Result& result, std::ostream& out) {
    if (result.load.mode == LoadMode::kClosed) {
        out << "<div class=\"callout\"><strong>What this hides</strong> – "
            << EscapeMarkup(kClosedLoopLabel) << ".</div>\n";
    }
    if (result.load.mode == LoadMode::kFindLimit) {
        out << "<div class=\"callout\"><strong>All rates together</strong> – every figure of this "
               "page is over all probes of the search, those beyond the limit too.</div>\n";
    }
    for (const std::string& warning : result.warnings) {
        out << "<div class=\"callout\"><strong>Warning</strong> – " << EscapeMarkup(warning)
            << "</div>\n";
    }
}

void WriteHead(const Result& result, std::ostream& out) {
    out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\""
        << ContentSecurityPolicy()
        << "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n<title>"
        << EscapeMarkup(result.flow) << " – holdfast-load</title>\n<style>\n"
        << kReportStyle << "</style>\n</head>\n";
}

/// What the script fills.
void WritePlotPlaces(const Result& result, std::ostream& out) {
    out << "<div class=\"section-head\"><h2>Over time</h2><div id=\"plot-tools\"></div></div>\n";
    if (result.intervals.empty()) {
        out << "<p class=\"soft\">Nothing was recorded.</p>\n";
        return;
    }
    out << "<div id=\"plots\"><noscript>The plots need JavaScript; every figure is in the tables."
           "</noscript></div>\n<h2>Latency spectrum</h2>\n<div id=\"spectrum\"></div>\n";
}

}  // namespace

void WriteHtml(const Result& result, std::ostream& out) {
    const Figures figures = Measure(result);
    WriteHead(result, out);
    out << "<body>\n<header>\n<div class=\"masthead\"><div>\n<h1>" << EscapeMarkup(result.flow)
        << "</h1>\n<p class=\"soft\">" << EscapeMarkup(DescribeLoad(result.load)) << ", against "
        << EscapeMarkup(result.target) << ", "
        << FormatTime(result.started).replace(10, 1, " ").substr(0, 16) << " UTC</p>\n";
    WriteVerdict(result, out);
    out << "</div>\n<button id=\"theme\" type=\"button\" hidden></button></div>\n";
    WriteTiles(figures, out);
    WriteCallouts(result, out);
    out << "</header>\n<main>\n";
    WriteThresholds(result, out);
    WriteSearch(result, out);
    WritePlotPlaces(result, out);
    WriteFigureTables(result, figures, out);
    WriteMarks(result, out);
    WriteRunDetails(result, out);
    out << "</main>\n<footer><p class=\"soft\">Made by holdfast-load "
        << EscapeMarkup(result.version)
        << ". This file needs no other and fetches nothing.</p></footer>\n"
        << "<script id=\"data\" type=\"application/json\">" << HtmlData(result) << "</script>\n"
        << "<script type=\"module\">" << kReportScript << "</script>\n</body>\n</html>\n";
}

}  // namespace holdfast::load
