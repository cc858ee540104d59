// Whatever a result file holds: it is refused in one line, or it is a result that is written back
// and of which every report can be made.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "load/report/report.h"

namespace {

using namespace holdfast::load;

void Require(bool holds) {
    if (!holds) std::abort();
}

std::string Written(const Result& result) {
    std::ostringstream out;
    WriteJson(result, out);
    return out.str();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Result result;
    try {
        result = ParseResult(std::string(reinterpret_cast<const char*>(data), size), "fuzz.json");
    } catch (const ResultError& error) {
        Require(std::string_view(error.what()).starts_with("fuzz.json: "));
        return 0;
    }
    const std::string once = Written(result);
    Require(Written(ParseResult(once, "again.json")) == once);
    std::ostringstream out;
    WriteCsv(result, out);
    WriteJunit(result, out);
    PrintTable(result, out, true);
    WriteHtml(result, out);
    Compare(result, result, out, false);
    return 0;
}
