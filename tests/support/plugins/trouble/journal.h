#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::test {

/// Lines `<word> <correlation id> <attempt>` that a test reads to see what a plugin was given.
/// Thread: any; several processes may append to one file (each line is one write at the end).
class Journal {
  public:
    /// An empty path: nothing is written. Throws std::system_error when the file cannot be opened.
    explicit Journal(std::string_view path);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void Write(std::string_view word, std::uint64_t correlation_id, std::uint32_t attempt);

  private:
    int file_ = -1;
};

}  // namespace holdfast::test
