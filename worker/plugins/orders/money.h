#pragma once

#include <cstdint>
#include <optional>

namespace holdfast::orders {

/// An amount in the currency's minor unit (cents): never a fraction, never a float.
using Minor = std::int64_t;

/// Parts of ten thousand: 1900 is 19 %.
using BasisPoints = std::int64_t;

inline constexpr BasisPoints kMaxTaxRate = 10'000;

/// Nothing when the result does not fit.
std::optional<Minor> Add(Minor a, Minor b);
std::optional<Minor> Multiply(Minor unit_price, std::int64_t quantity);

/// The tax on `net` (not negative), rounded half up to the minor unit. Cannot overflow as long as
/// `rate` is between 0 and kMaxTaxRate.
Minor TaxOn(Minor net, BasisPoints rate);

}  // namespace holdfast::orders
