#include "gateway/core/correlation_id.h"

namespace holdfast::gateway {

std::string ToString(CorrelationId id) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    std::uint64_t value = id.value();
    for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = kDigits[value & 0xF];
    return text;
}

}  // namespace holdfast::gateway
