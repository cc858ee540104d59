#pragma once

#include <chrono>
#include <functional>

namespace holdfast::orders {

/// How long one request may wait for the database: until a moment, and only while somebody still
/// wants the answer. Waiting is all that it limits; work that has begun is finished.
struct Patience {
    std::chrono::steady_clock::time_point until;
    std::function<bool()> wanted = [] { return true; };

    bool Lasts() const { return std::chrono::steady_clock::now() < until && wanted(); }
};

}  // namespace holdfast::orders
