#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Strings that have no more room than they need. std::string alone does not do that: it may grow to
// twice what is asked for, and libstdc++'s keeps its buffer when an empty one is assigned.
namespace holdfast::gateway::http {

/// Empties `text` and frees its memory.
inline void Free(std::string& text) {
    std::string().swap(text);
}

/// Makes room for `capacity` bytes and no more.
inline void GrowExactly(std::string& text, std::size_t capacity) {
    std::string grown;
    grown.reserve(capacity);
    grown += text;
    grown.swap(text);
}

/// Keeps a copy of `bytes`, which are not of `kept`, in no more room than the largest since Free.
inline void Keep(std::string& kept, std::string_view bytes) {
    if (bytes.size() > kept.capacity()) {
        std::string(bytes).swap(kept);
    } else {
        kept.assign(bytes);
    }
}

}  // namespace holdfast::gateway::http
