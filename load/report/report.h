#pragma once

#include <iosfwd>
#include <stdexcept>
#include <string>

#include "load/result/result.h"

namespace holdfast::load {

/// What a result file cannot be read for: one line, "FILE: what is wrong".
struct ResultError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// All of the result and its figures: docs/load-result.md. What ReadResult gives back is the same
/// result, so that reports can be made from the file later.
void WriteJson(const Result& result, std::ostream& out);
/// Throws ResultError.
Result ReadResult(const std::string& path);
Result ParseResult(const std::string& json, const std::string& file);

/// One table: a row for each second and step, then each step's totals, then those of all steps.
void WriteCsv(const Result& result, std::ostream& out);
/// A test case for each threshold, for CI servers.
void WriteJunit(const Result& result, std::ostream& out);
/// One file that needs no other.
void WriteHtml(const Result& result, std::ostream& out);

/// What a run ends with on the terminal.
void PrintTable(const Result& result, std::ostream& out, bool colour);

/// Two results side by side, with ratios, and which differences are more than noise.
void Compare(const Result& before, const Result& after, std::ostream& out, bool colour);

}  // namespace holdfast::load
