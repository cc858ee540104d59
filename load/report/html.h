#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "load/result/figures.h"

namespace holdfast::load {

/// The files under html/, put together by the build, and the SHA-256 that lets the script run.
extern const std::string_view kReportStyle;
extern const std::string_view kReportStyleSha256;
extern const std::string_view kReportScript;
extern const std::string_view kReportScriptSha256;

/// What the plots are drawn from, as JSON that may stand within a script element: a run is cut into
/// at most 300 columns, whose percentiles are those of all their requests.
std::string HtmlData(const Result& result);

/// The parts of the page that need no script.
void WriteTiles(const Figures& figures, std::ostream& out);
void WriteThresholds(const Result& result, std::ostream& out);
void WriteSearch(const Result& result, std::ostream& out);
void WriteFigureTables(const Result& result, const Figures& figures, std::ostream& out);
void WriteMarks(const Result& result, std::ostream& out);
void WriteRunDetails(const Result& result, std::ostream& out);

}  // namespace holdfast::load
