// Values as people write them, on command lines and in files: a number within its bounds or none,
// and of a threshold its parts or what would be right; and whatever text is quoted back is one
// plain line.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "load/result/quantity.h"
#include "load/result/threshold.h"

namespace {

using namespace holdfast::load;

void Require(bool holds) {
    if (!holds) std::abort();
}

bool IsPlainLine(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    constexpr Duration kTenYears = std::chrono::hours(24) * 3660;
    if (const auto duration = ParseDuration(text)) {
        Require(*duration >= Duration::zero() && *duration <= kTenYears);
    }
    if (const auto rate = ParseRate(text)) Require(*rate > 0 && *rate <= 1e7);
    if (const auto share = ParseShare(text)) Require(std::isfinite(*share) && *share >= 0);
    if (const auto number = ParseNumber(text)) Require(std::isfinite(*number));
    if (const auto count = ParseCount(text)) {
        Require(text.find_first_not_of("0123456789") == std::string_view::npos);
        Require(ParseNumber(text).has_value());
    }
    if (ParseSize(text)) Require(!text.starts_with('-'));
    Require(IsPlainLine(Quoted(text)));
    static constexpr std::array<std::string_view, 2> kKnown = {"rate", "duration"};
    Require(IsPlainLine(Suggestion(text, kKnown)));
    try {
        const Threshold threshold = ParseThreshold(text);
        Require(text.find(threshold.text) != text.npos && !threshold.figure.empty());
        Require(std::isfinite(threshold.bound));
    } catch (const std::invalid_argument& error) {
        Require(IsPlainLine(error.what()));
    }
    return 0;
}
