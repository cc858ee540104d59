#include "worker/supervisor/report_text.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace holdfast::worker {
namespace {

/// `module(name+0x1f)[0x7f12]`, as backtrace_symbols_fd writes it.
std::string Demangled(const std::string& line) {
    const std::size_t begin = line.find("(_Z");
    if (begin == std::string::npos) return line;
    const std::size_t end = line.find_first_of("+)", begin);
    if (end == std::string::npos) return line;
    const std::string name = line.substr(begin + 1, end - begin - 1);
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
    if (status != 0 || plain == nullptr) return line;
    return line.substr(0, begin + 1) + plain.get() + line.substr(end);
}

}  // namespace

std::string ReportText(std::string_view line, std::string_view copy, std::string_view plugin) {
    std::string text(line);
    if (const std::size_t at = text.find(copy); !copy.empty() && at != std::string::npos) {
        text.replace(at, copy.size(), plugin);
    }
    text = Demangled(text);
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

}  // namespace holdfast::worker
