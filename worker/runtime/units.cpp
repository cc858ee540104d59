#include "worker/runtime/units.h"

#include <charconv>
#include <limits>
#include <span>

namespace holdfast::worker {
namespace {

constexpr std::chrono::hours kLongest(365 * 24);

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

std::optional<std::uint64_t> Parse(std::string_view text, std::span<const Unit> units) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number == 0) return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (number > kMost / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> ParseSize(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"", 1}, {"B", 1}, {"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U}};
    return Parse(text, kUnits);
}

std::optional<Duration> ParseDuration(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}};
    const auto nanoseconds = Parse(text, kUnits);
    if (!nanoseconds) return std::nullopt;
    const std::chrono::nanoseconds duration(static_cast<std::int64_t>(*nanoseconds));
    if (duration > kLongest) return std::nullopt;
    return duration;
}

}  // namespace holdfast::worker
