#include "tests/unit/gateway_http/heap_peak.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace holdfast::gateway::http {
namespace {

thread_local bool watching = false;
/// Below 0 while more was freed than was allocated.
thread_local std::int64_t held = 0;
thread_local std::int64_t peak = 0;

void Note(std::int64_t bytes) noexcept {
    if (!watching) return;
    held += bytes;
    peak = std::max(peak, held);
}

}  // namespace

HeapPeak::HeapPeak() {
    held = peak = 0;
    watching = true;
}

HeapPeak::~HeapPeak() {
    watching = false;
}

std::size_t HeapPeak::bytes() const {
    return static_cast<std::size_t>(peak);
}

}  // namespace holdfast::gateway::http

void* operator new(std::size_t size) {
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) throw std::bad_alloc();
    holdfast::gateway::http::Note(static_cast<std::int64_t>(::malloc_usable_size(block)));
    return block;
}
void operator delete(void* block) noexcept {
    if (block != nullptr) {
        holdfast::gateway::http::Note(-static_cast<std::int64_t>(::malloc_usable_size(block)));
    }
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
