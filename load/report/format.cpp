#include "load/report/format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "load/report/utf8.h"

namespace holdfast::load {
namespace {

std::string Digits(double value, const char* unit) {
    // What would be rounded up to 10 or 100 has one digit less behind the point.
    const int behind = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", behind, value, unit);
    return text;
}

}  // namespace

std::string FormatDuration(Duration duration) {
    const auto nanoseconds = static_cast<double>(duration.count());
    if (duration < Duration(1000)) return std::to_string(duration.count()) + " ns";
    if (nanoseconds < 999.5e3) return Digits(nanoseconds / 1e3, "µs");
    if (nanoseconds < 999.5e6) return Digits(nanoseconds / 1e6, "ms");
    if (nanoseconds < 99.5e9) return Digits(nanoseconds / 1e9, "s");
    const auto seconds = std::llround(nanoseconds / 1e9);
    char text[64];
    if (seconds < 3600) {
        std::snprintf(text, sizeof text, "%lld min %02lld s", seconds / 60, seconds % 60);
    } else {
        std::snprintf(text, sizeof text, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
    }
    return text;
}

std::string FormatCount(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string FormatRate(double per_second) {
    if (per_second >= 99.95) {
        return FormatCount(static_cast<std::uint64_t>(std::llround(std::min(per_second, 1e18))));
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", per_second < 9.995 ? 2 : 1, per_second);
    return text;
}

std::string FormatShare(double share) {
    const double percent = share * 100;
    if (percent == 0) return "0 %";
    if (percent >= 1) return Digits(percent, "%");
    char text[64];
    std::snprintf(text, sizeof text, "%.2g %%", percent);
    return text;
}

std::string FormatBytes(std::uint64_t bytes) {
    static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1023.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
    return Digits(value, kUnits[unit]);
}

std::string FormatMeasured(const Threshold& threshold, double value) {
    const std::string_view figure = threshold.figure;
    std::string_view last = figure;
    for (const std::string_view of : {"good.", "service.", "blocked.", "slip."}) {
        if (figure.starts_with(of)) last = figure.substr(of.size());
    }
    const bool percentile = last.size() > 1 && last[0] == 'p' && last[1] >= '0' && last[1] <= '9';
    if (percentile || last == "mean" || last == "min" || last == "max") {
        const double longest = Seconds(std::chrono::hours(24));
        return FormatDuration(Duration(std::llround(std::clamp(value, 0.0, longest) * 1e9)));
    }
    if (figure == "error_rate" || figure == "blocked_share") return FormatShare(value);
    if (figure == "rate" || figure == "sent_rate" || figure == "good_rate") {
        return FormatRate(value) + "/s";
    }
    if (figure == "cpu") return FormatShare(value) + " of a core";
    return FormatCount(static_cast<std::uint64_t>(std::clamp(value, 0.0, 1e18)));
}

std::string FormatTime(std::chrono::system_clock::time_point time) {
    using std::chrono::microseconds;
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto part = std::chrono::floor<microseconds>(time - whole).count();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char date[40];
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    char text[64];
    std::snprintf(text, sizeof text, "%s.%06lldZ", date, static_cast<long long>(part));
    return text;
}

bool ParseTime(std::string_view text, std::chrono::system_clock::time_point& time) {
    const std::string whole(text);
    std::tm utc{};
    int microseconds = 0;
    int used = 0;
    if (std::sscanf(whole.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ%n", &utc.tm_year, &utc.tm_mon,
                    &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &microseconds,
                    &used) != 7 ||
        static_cast<std::size_t>(used) != whole.size() || utc.tm_year < 1970 ||
        utc.tm_year > 2200) {
        return false;
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    time = std::chrono::system_clock::from_time_t(timegm(&utc)) +
           std::chrono::microseconds(microseconds);
    // A 31st of February, or signs instead of digits, would come out as something else.
    return FormatTime(time) == text;
}

std::string Printable(std::string_view text) {
    std::string printable;
    for (const std::string_view point : Utf8Points(text)) {
        const auto first = static_cast<unsigned char>(point.front());
        const bool c1 =
            point.size() == 2 && first == 0xC2 && static_cast<unsigned char>(point[1]) < 0xA0;
        if (first < 0x20 || first == 0x7F || c1) {
            printable += '?';
        } else {
            printable += point;
        }
    }
    return printable;
}

std::size_t Columns(std::string_view text) {
    std::size_t columns = 0;
    for (const char byte : text) columns += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    return columns;
}

}  // namespace holdfast::load
