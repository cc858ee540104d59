#include "load/flow/seen.h"

#include <functional>
#include <utility>

namespace holdfast::load {

bool Seen::Set::Has(std::uint64_t hash) const {
    if (places.empty()) return false;
    const std::size_t mask = places.size() - 1;
    for (std::size_t at = hash & mask; places[at] != 0; at = (at + 1) & mask) {
        if (places[at] == hash) return true;
    }
    return false;
}

void Seen::Set::Insert(std::uint64_t hash) {
    if (places.size() < 2 * (count + 1)) {
        Set larger{std::vector<std::uint64_t>(places.empty() ? 1024 : 2 * places.size()), 0};
        for (const std::uint64_t old : places) {
            if (old != 0) larger.Insert(old);
        }
        *this = std::move(larger);
    }
    const std::size_t mask = places.size() - 1;
    std::size_t at = hash & mask;
    while (places[at] != 0) at = (at + 1) & mask;
    places[at] = hash;
    ++count;
}

bool Seen::Add(std::string_view value) {
    std::uint64_t hash = std::hash<std::string_view>{}(value);
    if (hash == 0) hash = 1;
    if (current_.Has(hash) || before_.Has(hash)) return false;
    if (current_.count == limit_) before_ = std::exchange(current_, {});
    current_.Insert(hash);
    return true;
}

}  // namespace holdfast::load
