#pragma once

#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/flow/answer.h"
#include "load/flow/template.h"

namespace holdfast::load {

/// One thing that an answer must have.
struct Check {
    enum class Kind : std::uint8_t {
        kEquals,
        kExists,
        kAbsent,
        kType,
        kMatches,
        kContains,
        kAtLeast,
        kAtMost,
        kLength,
        kBodyContains,
    };
    Kind kind = Kind::kExists;
    Selector where{};
    Template expected{};   ///< kEquals, kContains, kBodyContains
    bool numeric = false;  ///< kEquals: a plain number in the file; compared as one
    double number = 0;     ///< kEquals when numeric, kAtLeast, kAtMost, kLength
    std::string word{};    ///< kType: its name; kMatches: the pattern
    std::regex pattern{};  ///< kMatches
};

/// The statuses that a step expects.
struct Statuses {
    std::vector<std::pair<std::uint16_t, std::uint16_t>> ranges{{200, 299}};  ///< ends included

    bool Contain(std::uint16_t status) const;
    std::string Text() const;  ///< "201 or 409", "200-299"
};

/// Empty when the answer passes; otherwise what it has instead, in words. `expected` is the check's
/// template, filled in.
std::string Failure(const Check& check, std::string_view expected, Answer& answer);

}  // namespace holdfast::load
