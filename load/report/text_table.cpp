#include "load/report/text_table.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "load/report/format.h"

namespace holdfast::load {

void TextTable::Print(std::ostream& out) const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t n = 0; n < row.size(); ++n) {
            widths[n] = std::max(widths[n], Columns(row[n]));
        }
    }
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t n = 0; n < row.size(); ++n) {
            const std::string padding(widths[n] - Columns(row[n]), ' ');
            line += n == 0 ? row[n] + padding : "  " + padding + row[n];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

std::string Bar(double share, std::size_t columns) {
    static constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double clamped = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0;
    const auto eighths =
        static_cast<std::size_t>(std::llround(clamped * static_cast<double>(columns * 8)));
    std::string bar;
    for (std::size_t n = 0; n < eighths / 8; ++n) bar += "█";
    bar += kEighths[eighths % 8];
    return bar;
}

}  // namespace holdfast::load
