#include "load/result/threshold.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "load/result/evaluate.h"
#include "load/result/quantity.h"

namespace holdfast::load {
namespace {

using Compare = Threshold::Compare;

// The longer ones first: "<=" begins with "<".
constexpr std::array<std::pair<std::string_view, Compare>, 5> kCompares{
    {{"<=", Compare::kLessEqual},
     {">=", Compare::kGreaterEqual},
     {"==", Compare::kEqual},
     {"<", Compare::kLess},
     {">", Compare::kGreater}}};
constexpr std::string_view kStepPrefix = "step.";

[[noreturn]] void Refuse(std::string_view text, const std::string& why) {
    throw std::invalid_argument("threshold " + Quoted(text) + ": " + why);
}

std::string_view Trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Of p99 and mean, also behind a prefix as in service.p99.
bool IsTime(std::string_view figure) {
    const std::size_t letters = figure.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (letters < figure.size() && figure[letters] == '.') figure.remove_prefix(letters + 1);
    const bool percentile =
        figure.size() > 1 && figure[0] == 'p' && figure[1] >= '0' && figure[1] <= '9';
    return percentile || figure == "mean" || figure == "min" || figure == "max";
}

double ParseBound(std::string_view text, std::string_view figure, std::string_view bound) {
    if (IsTime(figure)) {
        const auto duration = ParseDuration(bound);
        if (duration) return std::chrono::duration<double>(*duration).count();
        Refuse(text, std::string(figure) + " is compared with " + std::string(kDurationRule));
    }
    if (figure == "error_rate" || figure == "blocked_share") {
        const auto share = ParseShare(bound);
        if (share && *share <= 1) return *share;
        Refuse(text, std::string(figure) + " is compared with " + std::string(kShareRule));
    }
    const auto number = ParseNumber(bound);
    if (number && *number >= 0) return *number;
    Refuse(text, std::string(figure) + " is compared with a number such as 900");
}

}  // namespace

Threshold ParseThreshold(std::string_view text) {
    const std::string_view trimmed = Trimmed(text);
    const std::size_t at = trimmed.find_first_of("<>=");
    if (at == std::string_view::npos) {
        Refuse(text, "there is no comparison; write it like p99<250ms, error_rate<0.1% or lost==0");
    }
    const std::string_view rest = trimmed.substr(at);
    const auto* compare = std::ranges::find_if(
        kCompares, [&](const auto& known) { return rest.starts_with(known.first); });
    if (compare == kCompares.end()) Refuse(text, "compare with <, <=, ==, >= or >");

    Threshold threshold;
    threshold.text = trimmed;
    threshold.compare = compare->second;
    std::string_view figure = Trimmed(trimmed.substr(0, at));
    if (figure.starts_with(kStepPrefix)) {
        // Names of steps may have dots, and figures have them too: the longest that is a figure.
        const std::string_view named = figure.substr(kStepPrefix.size());
        std::size_t dot = named.find('.');
        while (dot != std::string_view::npos && !IsFigure(named.substr(dot + 1))) {
            dot = named.find('.', dot + 1);
        }
        if (dot == std::string_view::npos) dot = named.rfind('.');
        if (dot == std::string_view::npos || dot == 0) {
            Refuse(text, "of one step it is written like step.NAME.p95<80ms");
        }
        threshold.step = named.substr(0, dot);
        figure = named.substr(dot + 1);
    }
    if (!IsFigure(figure)) {
        Refuse(text, "there is no figure " + Quoted(figure) + "; there are " +
                         std::string(FigureNames()));
    }
    threshold.figure = figure;
    threshold.bound = ParseBound(text, figure, Trimmed(rest.substr(compare->first.size())));
    return threshold;
}

}  // namespace holdfast::load
