#include "tests/unit/gateway_core/freed_watch.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace holdfast::gateway {
namespace {

thread_local FreedWatch* watching = nullptr;

}  // namespace

FreedWatch::FreedWatch(const void* block, std::function<std::uint64_t()> ask)
    : block_(block), ask_(std::move(ask)) {
    watching = this;
}

FreedWatch::~FreedWatch() {
    watching = nullptr;
}

void FreedWatch::OnFree(const void* block) noexcept {
    if (watching == nullptr || watching->block_ != block || watching->freed_) return;
    watching->freed_ = true;
    watching->seen_ = watching->ask_();
}

}  // namespace holdfast::gateway

void* operator new(std::size_t size) {
    if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
    holdfast::gateway::FreedWatch::OnFree(block);
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
