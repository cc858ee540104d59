#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/result/clock.h"
#include "load/result/threshold.h"

namespace holdfast::load {

inline double Seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Three digits that count and a unit: "850 ns", "12.3 µs", "4.56 ms", "1.23 s", "2 min 05 s".
std::string FormatDuration(Duration duration);
/// "12,345".
std::string FormatCount(std::uint64_t count);
/// "4,998" from 100 on, "9.95" below.
std::string FormatRate(double per_second);
/// 0.123 as "12.3 %"; what is small keeps digits that count: "0.0021 %".
std::string FormatShare(double share);
/// "1.2 MiB".
std::string FormatBytes(std::uint64_t bytes);
/// What a threshold's figure or bound is, by the unit of its figure.
std::string FormatMeasured(const Threshold& threshold, double value);
/// "2026-11-24T12:00:00.123456Z".
std::string FormatTime(std::chrono::system_clock::time_point time);
/// False when it is not of that form.
bool ParseTime(std::string_view text, std::chrono::system_clock::time_point& time);

/// `text` with everything replaced that would move a terminal's cursor or is not UTF-8.
std::string Printable(std::string_view text);
/// How many columns it takes: code points, which is right for what this program prints.
std::size_t Columns(std::string_view text);

}  // namespace holdfast::load
