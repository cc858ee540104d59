#include "load/flow/values.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace holdfast::load {
namespace {

using Part = Template::Part;

void AppendHex(std::uint64_t value, int digits, std::string& out) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        out += "0123456789abcdef"[(value >> shift) & 15];
    }
}

/// RFC 9562, from 128 bits of which version and variant are set here.
void AppendUuid(std::uint64_t high, std::uint64_t low, unsigned version, std::string& out) {
    high = (high & ~0xF000ULL) | (static_cast<std::uint64_t>(version) << 12);
    low = (low & ~(3ULL << 62)) | (2ULL << 62);
    AppendHex(high >> 32, 8, out);
    out += '-';
    AppendHex(high >> 16, 4, out);
    out += '-';
    AppendHex(high, 4, out);
    out += '-';
    AppendHex(low >> 48, 4, out);
    out += '-';
    AppendHex(low, 12, out);
}

std::uint64_t UnixMilliseconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

/// 2026-11-21T07:44:29.556Z
void AppendNow(std::string& out) {
    namespace chrono = std::chrono;
    const auto now = chrono::floor<chrono::milliseconds>(chrono::system_clock::now());
    const auto day = chrono::floor<chrono::days>(now);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss time(now - day);
    std::array<char, 40> text;
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
        static_cast<int>(time.subseconds().count()));
    out.append(text.data(), static_cast<std::size_t>(length));
}

void FillPart(const Part& part, const Values& values, std::string& out) {
    using Kind = Part::Kind;
    switch (part.kind) {
        case Kind::kLiteral:
            out += part.text;
            return;
        case Kind::kMark:
            return AppendEscaped(values.mark, part.escape, out);
        case Kind::kUuid4:
            return AppendUuid(values.random->Next() ^ values.run_hash, values.random->Next(), 4,
                              out);
        case Kind::kUuid7:
            return AppendUuid(UnixMilliseconds() << 16 | (values.random->Next() >> 48),
                              values.random->Next() ^ values.run_hash, 7, out);
        case Kind::kCounter:
            return AppendNumber(
                (*values.counter)++ * values.identity->processes + values.identity->process, out);
        case Kind::kRandom: {
            std::array<char, 24> text;
            const auto written = std::to_chars(text.data(), text.data() + text.size(),
                                               values.random->Between(part.low, part.high));
            out.append(text.data(), written.ptr);
            return;
        }
        case Kind::kChoice:
            out += part.choices[values.random->Below(part.choices.size())];
            return;
        case Kind::kNow:
            return AppendNow(out);
        case Kind::kTimestamp:
            return AppendNumber(UnixMilliseconds(), out);
        case Kind::kRun:
            return AppendEscaped(values.identity->run, part.escape, out);
        case Kind::kJourney:
            return AppendNumber(values.journey, out);
        case Kind::kFeeder:
            return AppendEscaped(
                values.feeders[part.index].At(values.rows[part.index], part.column), part.escape,
                out);
        case Kind::kVariable:
            return AppendEscaped(values.variables[part.index], part.escape, out);
    }
}

}  // namespace

void AppendNumber(std::uint64_t number, std::string& out) {
    std::array<char, 24> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    out.append(text.data(), written.ptr);
}

void Fill(const Template& text, const Values& values, std::string& out) {
    for (const Part& part : text.parts) FillPart(part, values, out);
}

}  // namespace holdfast::load
