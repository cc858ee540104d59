#include "worker/core/record_table.h"

#include <bit>
#include <cassert>

namespace holdfast::worker {

RecordTable::RecordTable(std::uint32_t expected)
    : buckets_(std::bit_ceil(std::size_t{expected} * 2 + 16), nullptr) {}

RequestRecord& RecordTable::Allocate() {
    if (free_.empty()) return records_.emplace_back();
    RequestRecord& record = *free_.back();
    free_.pop_back();
    return record;
}

void RecordTable::Free(RequestRecord& record) {
    assert(!record.place.linked && record.state != RequestRecord::State::kFree);
    record.state = RequestRecord::State::kFree;
    record.payload.reset();
    record.reply = {};
    record.cancelled = false;
    record.credited = false;
    record.orphan = false;
    record.in_running = false;
    record.started_at.store(0, std::memory_order_relaxed);
    free_.push_back(&record);
}

std::size_t RecordTable::Bucket(LinkId link, std::uint64_t id) const {
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;
    const std::uint64_t mixed = (id ^ (link.value << 48U)) * kGolden;
    return static_cast<std::size_t>(mixed >> 32U) & (buckets_.size() - 1);
}

void RecordTable::Insert(RequestRecord& record) {
    RequestRecord*& head = buckets_[Bucket(record.link, record.id)];
    record.next_in_bucket = head;
    head = &record;
}

void RecordTable::Erase(RequestRecord& record) {
    RequestRecord** at = &buckets_[Bucket(record.link, record.id)];
    while (*at != &record) at = &(*at)->next_in_bucket;
    *at = record.next_in_bucket;
    record.next_in_bucket = nullptr;
}

RequestRecord* RecordTable::Find(LinkId link, std::uint64_t id) const {
    RequestRecord* record = buckets_[Bucket(link, id)];
    while (record != nullptr && !(record->id == id && record->link == link)) {
        record = record->next_in_bucket;
    }
    return record;
}

}  // namespace holdfast::worker
