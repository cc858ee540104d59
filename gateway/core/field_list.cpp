#include "gateway/core/field_list.h"

#include <algorithm>

namespace holdfast::gateway {
namespace {

constexpr char Lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

void AppendSize(std::string& to, std::size_t size) {
    const auto narrow = static_cast<std::uint32_t>(size);
    char raw[sizeof narrow];
    std::memcpy(raw, &narrow, sizeof narrow);
    to.append(raw, sizeof raw);
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return Lower(x) == Lower(y); });
}

void FieldList::Append(std::string_view name, std::string_view value) {
    AppendSize(packed_, name.size());
    AppendSize(packed_, value.size());
    packed_.append(name);
    packed_.append(value);
}

std::string_view FieldList::Find(std::string_view name) const {
    for (const Field field : *this) {
        if (EqualsIgnoringCase(field.name, name)) return field.value;
    }
    return {};
}

}  // namespace holdfast::gateway
