#pragma once

#include <holdfast/worker/plugin.h>

#include <string_view>

namespace holdfast::worker {

inline std::string_view View(holdfast_span span) {
    return span.size == 0 ? std::string_view() : std::string_view(span.data, span.size);
}

inline holdfast_span Span(std::string_view view) {
    return {view.data(), view.size()};
}

}  // namespace holdfast::worker
