#pragma once

#include <cstddef>

namespace holdfast::gateway::http {

/// The most heap memory, in bytes, that the calling thread held at once beyond what it held when
/// this was made. One at a time for a thread; this test program's operator new and delete tell it.
class HeapPeak {
  public:
    HeapPeak();
    ~HeapPeak();
    HeapPeak(const HeapPeak&) = delete;
    HeapPeak& operator=(const HeapPeak&) = delete;

    std::size_t bytes() const;
};

}  // namespace holdfast::gateway::http
