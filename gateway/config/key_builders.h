#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <variant>

#include "gateway/config/keys.h"

// Builds rows of the key tables: members are named by pointer, so that a row cannot miss its field.
// Only for the files that hold a table. Thread: any.
namespace holdfast::gateway::config::builders {

template <auto First, auto... Rest, class Owner>
constexpr auto& Reach(Owner& owner) {
    if constexpr (sizeof...(Rest) == 0) {
        return owner.*First;
    } else {
        return Reach<Rest...>(owner.*First);
    }
}

template <class T>
constexpr bool kAsNumber = std::is_enum_v<T> ||
                           (std::unsigned_integral<T> && !std::same_as<T, bool>);

template <class Owner, auto... Members>
Value Get(const Owner& owner) {
    const auto& member = Reach<Members...>(owner);
    using T = std::remove_cvref_t<decltype(member)>;
    if constexpr (kAsNumber<T>) {
        return static_cast<std::uint64_t>(member);
    } else {
        return member;
    }
}

template <class Owner, auto... Members>
void Set(Owner& owner, const Value& value) {
    auto& member = Reach<Members...>(owner);
    using T = std::remove_cvref_t<decltype(member)>;
    if constexpr (kAsNumber<T>) {
        member = static_cast<T>(std::get<std::uint64_t>(value));
    } else {
        member = std::get<T>(value);
    }
}

template <class Owner, auto... Members>
Key<Owner> Row(std::string_view path, Type type, std::string_view doc) {
    Key<Owner> key;
    key.path = path;
    key.type = type;
    key.doc = doc;
    key.get = &Get<Owner, Members...>;
    key.set = &Set<Owner, Members...>;
    return key;
}

template <class Owner, auto... Members>
Key<Owner> Flag(std::string_view path, std::string_view doc) {
    return Row<Owner, Members...>(path, Type::kFlag, doc);
}

template <class Owner, auto... Members>
Key<Owner> Count(std::string_view path, std::uint64_t min, std::uint64_t max,
                 std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kCount, doc);
    key.min = min;
    key.max = max;
    return key;
}

template <class Owner, auto... Members>
Key<Owner> Size(std::string_view path, std::uint64_t min, std::uint64_t max, std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kSize, doc);
    key.min = min;
    key.max = max;
    return key;
}

template <class Owner, auto... Members>
Key<Owner> Duration(std::string_view path, std::chrono::nanoseconds min,
                    std::chrono::nanoseconds max, std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kDuration, doc);
    key.min = static_cast<std::uint64_t>(min.count());
    key.max = static_cast<std::uint64_t>(max.count());
    return key;
}

template <class Owner, auto... Members>
Key<Owner> Choice(std::string_view path, std::span<const std::string_view> choices,
                  std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kChoice, doc);
    key.choices = choices;
    return key;
}

template <class Owner, auto... Members>
Key<Owner> Text(std::string_view path, TextCheck check, std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kText, doc);
    key.check = check;
    return key;
}

/// `min` and `max` bound the number of elements.
template <class Owner, auto... Members>
Key<Owner> List(std::string_view path, TextCheck check, std::uint64_t min, std::uint64_t max,
                std::string_view doc) {
    auto key = Row<Owner, Members...>(path, Type::kList, doc);
    key.check = check;
    key.min = min;
    key.max = max;
    return key;
}

template <class Owner>
Key<Owner> Required(Key<Owner> key) {
    key.required = true;
    return key;
}

}  // namespace holdfast::gateway::config::builders
