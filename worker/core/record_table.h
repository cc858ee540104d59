#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "worker/core/request_record.h"

namespace holdfast::worker {

/// Where every RequestRecord lives, and how one is found by (gateway, id). Records never move and
/// are reused; the memory is that of the most that were held at once. Thread: the loop.
class RecordTable {
  public:
    explicit RecordTable(std::uint32_t expected);

    RequestRecord& Allocate();
    /// Gives its memory back; the record must be in no list.
    void Free(RequestRecord& record);

    /// Makes it findable by its link and id.
    void Insert(RequestRecord& record);
    void Erase(RequestRecord& record);
    RequestRecord* Find(LinkId link, std::uint64_t id) const;

  private:
    std::size_t Bucket(LinkId link, std::uint64_t id) const;

    std::deque<RequestRecord> records_;
    std::vector<RequestRecord*> free_;
    std::vector<RequestRecord*> buckets_;
};

}  // namespace holdfast::worker
