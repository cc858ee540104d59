#include "worker/plugins/orders/money.h"

namespace holdfast::orders {

std::optional<Minor> Add(Minor a, Minor b) {
    Minor sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

std::optional<Minor> Multiply(Minor unit_price, std::int64_t quantity) {
    Minor product = 0;
    if (__builtin_mul_overflow(unit_price, quantity, &product)) return std::nullopt;
    return product;
}

Minor TaxOn(Minor net, BasisPoints rate) {
    // Split, so that no intermediate product is larger than the result.
    return net / kMaxTaxRate * rate + (net % kMaxTaxRate * rate + kMaxTaxRate / 2) / kMaxTaxRate;
}

}  // namespace holdfast::orders
