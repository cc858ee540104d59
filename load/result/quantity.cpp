#include "load/result/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace holdfast::load {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array<Unit, 6> kDurationUnits{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
constexpr std::array<Unit, 5> kSizeUnits{
    {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024}}};
constexpr std::array<Unit, 4> kRateUnits{
    {{"", 1}, {"/s", 1}, {"/m", 1.0 / 60}, {"/h", 1.0 / 3600}}};
constexpr std::array<Unit, 2> kShareUnits{{{"", 1}, {"%", 0.01}}};

constexpr double kLongest = 10.0 * 366 * 24 * 3600e9;
constexpr double kFastest = 10e6;
constexpr double kLargest = 1024.0 * 1024 * 1024 * 1024;

/// A number that is not negative, then one of the units.
std::optional<double> WithUnit(std::string_view text, std::span<const Unit> units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = ParseNumber(text.substr(0, digits));
    const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
    if (!number || unit == units.end()) return std::nullopt;
    return *number * unit->factor;
}

/// Insertions, deletions, replacements and swaps of neighbours; case does not count.
std::size_t Distance(std::string_view a, std::string_view b) {
    const auto same = [](char x, char y) { return (x | 0x20) == (y | 0x20); };
    std::vector<std::vector<std::size_t>> rows(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            const std::size_t change = same(a[i - 1], b[j - 1]) ? 0 : 1;
            rows[i][j] =
                std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
                rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }
    }
    return rows[a.size()][b.size()];
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

std::optional<std::uint64_t> ParseCount(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

std::optional<Duration> ParseDuration(std::string_view text) {
    if (text == "0") return Duration::zero();
    const auto value = WithUnit(text, kDurationUnits);
    if (!value || *value > kLongest) return std::nullopt;
    return Duration(std::llround(*value));
}

std::optional<double> ParseRate(std::string_view text) {
    const auto value = WithUnit(text, kRateUnits);
    return value && *value > 0 && *value <= kFastest ? value : std::nullopt;
}

std::optional<std::uint64_t> ParseSize(std::string_view text) {
    const auto value = WithUnit(text, kSizeUnits);
    if (!value || *value > kLargest || *value != std::floor(*value)) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::optional<double> ParseShare(std::string_view text) {
    return WithUnit(text, kShareUnits);
}

std::string Quoted(std::string_view text) {
    constexpr std::size_t kShown = 60;
    std::string quoted = "'";
    for (const char c : text.substr(0, kShown)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        quoted += control ? '?' : c;
    }
    quoted += text.size() > kShown ? "...'" : "'";
    return quoted;
}

std::string Listed(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

std::string Suggestion(std::string_view unknown, std::span<const std::string_view> known) {
    // Longer ones are no near miss of anything, and the work grows with the product of the lengths.
    constexpr std::size_t kMaxCompared = 80;
    std::string_view best;
    std::size_t best_distance = std::clamp<std::size_t>(unknown.size() / 3, 1, 3) + 1;
    for (const std::string_view candidate : known) {
        if (unknown.size() > kMaxCompared || candidate.size() > kMaxCompared) continue;
        const std::size_t distance = Distance(unknown, candidate);
        if (distance < best_distance && distance < unknown.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    if (!best.empty()) return "did you mean " + Quoted(best) + "?";
    return "known are " + Listed(known);
}

}  // namespace holdfast::load
