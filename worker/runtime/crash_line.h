#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "worker/runtime/crash_report.h"

namespace holdfast::worker {

/// One line of a crash report, cut at kBytes. Async-signal-safe: nothing allocates.
class CrashLine {
  public:
    struct Decimal {
        std::uint64_t value;
    };
    struct Hex {
        std::uint64_t value;
        int digits = 1;  ///< at least
    };

    CrashLine& operator<<(std::string_view text);
    CrashLine& operator<<(Decimal number) { return Number(number.value, 10, 1); }
    CrashLine& operator<<(Hex number) { return Number(number.value, 16, number.digits); }

    /// Waits up to a second for room; what does not fit then is lost.
    void WriteTo(int fd, CrashReportForm form) const;

  private:
    static constexpr std::size_t kBytes = 1024;

    CrashLine& Number(std::uint64_t value, unsigned base, int digits);

    std::array<char, kBytes> text_{};
    std::size_t size_ = 0;
};

}  // namespace holdfast::worker
