#include "gateway/http/deadline_wheel.h"

#include <algorithm>

namespace holdfast::gateway::http {

DeadlineWheel::DeadlineWheel(Duration tick, TimePoint origin) : tick_(tick), origin_(origin) {
    for (DeadlineEntry& slot : slots_) slot.previous_ = slot.next_ = &slot;
}

void DeadlineWheel::Unlink(DeadlineEntry& entry) {
    entry.previous_->next_ = entry.next_;
    entry.next_->previous_ = entry.previous_;
    entry.previous_ = entry.next_ = nullptr;
}

void DeadlineWheel::Link(DeadlineEntry& entry) {
    entry.linked_ = std::clamp(entry.due_, now_ + 1, now_ + kSlots - 1);
    DeadlineEntry& slot = slots_[entry.linked_ % kSlots];
    entry.previous_ = &slot;
    entry.next_ = slot.next_;
    slot.next_->previous_ = &entry;
    slot.next_ = &entry;
}

void DeadlineWheel::Set(DeadlineEntry& entry, TimePoint due) {
    const Duration::rep ticks = (due - origin_) / tick_ + 1;
    entry.due_ = static_cast<std::uint64_t>(std::max<Duration::rep>(ticks, 1));
    if (entry.next_ != nullptr) {
        if (entry.linked_ <= entry.due_) return;
        Unlink(entry);
    }
    Link(entry);
}

void DeadlineWheel::Remove(DeadlineEntry& entry) {
    entry.due_ = 0;
    if (entry.next_ != nullptr) Unlink(entry);
}

void DeadlineWheel::Advance(TimePoint now, const std::function<void(DeadlineEntry&)>& expire) {
    const auto target =
        static_cast<std::uint64_t>(std::max<Duration::rep>((now - origin_) / tick_, 0));
    if (target <= now_) return;
    const std::uint64_t first =
        std::max(now_ + 1, target - std::min<std::uint64_t>(target, kSlots - 1));
    now_ = target;
    for (std::uint64_t tick = first; tick <= target; ++tick) {
        DeadlineEntry& slot = slots_[tick % kSlots];
        // Onto a list of its own: what is linked anew may come to this very slot.
        DeadlineEntry due;
        if (slot.next_ == &slot) continue;
        due.next_ = slot.next_;
        due.previous_ = slot.previous_;
        due.next_->previous_ = due.previous_->next_ = &due;
        slot.previous_ = slot.next_ = &slot;
        while (due.next_ != &due) {
            DeadlineEntry& entry = *due.next_;
            Unlink(entry);
            if (entry.due_ == 0) continue;
            if (entry.due_ > target) {
                Link(entry);
                continue;
            }
            entry.due_ = 0;
            expire(entry);
        }
    }
}

}  // namespace holdfast::gateway::http
