#include "gateway/core/correlation_id.h"

#include <charconv>

namespace holdfast::gateway {

std::string ToString(CorrelationId id) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    std::uint64_t value = id.value();
    for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = kDigits[value & 0xF];
    return text;
}

std::optional<CorrelationId> ParseCorrelationId(std::string_view text) {
    if (text.size() != 16) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return CorrelationId(value);
}

}  // namespace holdfast::gateway
