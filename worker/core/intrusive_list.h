#pragma once

#include <cstddef>

namespace holdfast::worker {

/// A place in one IntrusiveList; an item has one hook for each list that it can be in at once.
template <typename Item>
struct ListHook {
    Item* previous = nullptr;
    Item* next = nullptr;
    bool linked = false;
};

/// A FIFO that owns nothing and allocates nothing; an item is removed from its middle in O(1).
template <typename Item, ListHook<Item> Item::*kHook>
class IntrusiveList {
  public:
    bool empty() const { return first_ == nullptr; }
    std::size_t size() const { return size_; }
    Item* front() const { return first_; }
    static Item* Next(const Item& item) { return (item.*kHook).next; }
    static bool Linked(const Item& item) { return (item.*kHook).linked; }

    void PushBack(Item& item) {
        item.*kHook = {.previous = last_, .next = nullptr, .linked = true};
        (last_ == nullptr ? first_ : (last_->*kHook).next) = &item;
        last_ = &item;
        ++size_;
    }

    void Remove(Item& item) {
        ListHook<Item>& hook = item.*kHook;
        (hook.previous == nullptr ? first_ : (hook.previous->*kHook).next) = hook.next;
        (hook.next == nullptr ? last_ : (hook.next->*kHook).previous) = hook.previous;
        hook = {};
        --size_;
    }

    Item* PopFront() {
        Item* const item = first_;
        if (item != nullptr) Remove(*item);
        return item;
    }

  private:
    Item* first_ = nullptr;
    Item* last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace holdfast::worker
