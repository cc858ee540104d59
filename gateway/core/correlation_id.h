#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace holdfast::gateway {

/// Names one accepted request for as long as anybody may still speak of it:
/// a 24-bit slot index in the PendingTable and the 40-bit generation of that slot's use.
/// A late or doubled reply is known by its generation.
class CorrelationId {
  public:
    static constexpr std::uint32_t kSlotBits = 24;
    static constexpr std::uint32_t kGenerationBits = 40;
    static constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << kGenerationBits) - 1;
    /// Never a slot of a table: ids for answers to requests that were not suspended (a 400, a 503).
    static constexpr std::uint32_t kUnsuspendedSlot = (1U << kSlotBits) - 1;

    constexpr CorrelationId() = default;
    constexpr explicit CorrelationId(std::uint64_t value) : value_(value) {}
    constexpr CorrelationId(std::uint32_t slot, std::uint64_t generation)
        : value_(((generation & kGenerationMask) << kSlotBits) | (slot & kUnsuspendedSlot)) {}

    constexpr std::uint64_t value() const { return value_; }
    constexpr std::uint32_t slot() const {
        return static_cast<std::uint32_t>(value_) & kUnsuspendedSlot;
    }
    constexpr std::uint64_t generation() const { return value_ >> kSlotBits; }

    friend constexpr auto operator<=>(CorrelationId, CorrelationId) = default;

  private:
    std::uint64_t value_ = 0;
};

/// Sixteen lower-case hexadecimal digits.
std::string ToString(CorrelationId id);

}  // namespace holdfast::gateway
