#include "tests/sim/trial.h"

#include <charconv>
#include <ranges>

namespace holdfast::sim {
namespace {

std::string Ranges(const std::set<std::uint64_t>& numbers) {
    std::string text;
    for (auto at = numbers.begin(); at != numbers.end();) {
        const std::uint64_t first = *at;
        std::uint64_t last = first;
        while (++at != numbers.end() && *at == last + 1) ++last;
        if (!text.empty()) text += ',';
        text += std::to_string(first);
        if (last != first) text += '-' + std::to_string(last);
    }
    return text.empty() ? "none" : text;
}

bool ParseNumber(std::string_view text, std::uint64_t& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size();
}

/// Calls `parse` for each part between commas, until one is malformed.
template <typename Parse>
bool EachPart(std::string_view text, Parse parse) {
    for (;;) {
        const std::size_t comma = text.find(',');
        if (!parse(text.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string Text(const Trial& trial) {
    std::string text = "--seed " + std::to_string(trial.seed);
    if (trial.only) text += " --only " + Ranges(*trial.only);
    std::string without;
    for (const std::size_t gateway : trial.without_gateways) {
        without += ",g" + std::to_string(gateway);
    }
    for (const std::size_t worker : trial.without_workers) {
        without += ",w" + std::to_string(worker);
    }
    if (!without.empty()) text += " --without " + without.substr(1);
    return text;
}

bool ParseOnly(std::string_view text, Trial& into) {
    into.only.emplace();
    if (text == "none") return true;
    return EachPart(text, [&](std::string_view part) {
        const std::size_t dash = part.find('-');
        std::uint64_t first = 0;
        if (!ParseNumber(part.substr(0, dash), first)) return false;
        std::uint64_t last = first;
        if (dash != std::string_view::npos && !ParseNumber(part.substr(dash + 1), last)) {
            return false;
        }
        constexpr std::uint64_t kMost = 1'000'000;
        if (last < first || last > kMost) return false;
        for (std::uint64_t number = first; number <= last; ++number) into.only->insert(number);
        return true;
    });
}

bool ParseWithout(std::string_view text, Trial& into) {
    return EachPart(text, [&](std::string_view part) {
        std::uint64_t number = 0;
        if (part.empty() || !ParseNumber(part.substr(1), number)) return false;
        if (part[0] != 'g' && part[0] != 'w') return false;
        (part[0] == 'g' ? into.without_gateways : into.without_workers).insert(number);
        return true;
    });
}

}  // namespace holdfast::sim
