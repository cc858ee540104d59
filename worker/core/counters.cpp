#include "worker/core/counters.h"

namespace holdfast::worker {

std::string Text(const Counters& counters) {
    std::string text;
    for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
        const std::uint64_t value = counters[static_cast<Counter>(i)];
        if (value == 0) continue;
        if (!text.empty()) text += ' ';
        text += kCounterNames.at(i);
        text += '=' + std::to_string(value);
    }
    return text.empty() ? "nothing" : text;
}

}  // namespace holdfast::worker
