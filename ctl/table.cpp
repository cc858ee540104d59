#include "ctl/table.h"

#include <algorithm>
#include <cstdio>

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

bool IsFigure(const std::string& text) {
    return !text.empty() && (text == "-" || (text.front() >= '0' && text.front() <= '9'));
}

std::string Text(const Json& value) {
    if (value.is_string()) return Printable(value.get<std::string>());
    if (value.is_null()) return "-";
    if (!value.is_array()) return Printable(value.dump(-1, ' ', true));
    std::string joined;
    for (const Json& item : value) joined += (joined.empty() ? "" : ",") + Text(item);
    return joined;
}

}  // namespace

std::string Printable(std::string text) {
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) c = '?';
    }
    return text;
}

void Table::Print(std::ostream& out) const {
    const std::size_t columns = rows_.front().size();
    std::vector<std::size_t> widths(columns, 0);
    std::vector<bool> figures(columns, true);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        for (std::size_t i = 0; i < columns; ++i) {
            widths[i] = std::max(widths[i], rows_[row][i].size());
            if (row > 0 && !IsFigure(rows_[row][i])) figures[i] = false;
        }
    }
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < columns; ++i) {
            const std::string padding(widths[i] - row[i].size(), ' ');
            if (i > 0) line += "  ";
            line += figures[i] ? padding + row[i] : row[i] + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

std::string Show(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    if (found == object.end()) return "-";
    std::string text = Text(*found);
    return text.empty() ? "-" : text;
}

std::string ShowBytes(std::uint64_t bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(kUnits)) {
        value /= 1024;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return text;
}

std::uint64_t Number(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

Json Member(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_structured() ? *found : Json::array();
}

}  // namespace holdfast::ctl
