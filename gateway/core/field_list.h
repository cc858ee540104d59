#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

namespace holdfast::gateway {

struct Field {
    std::string_view name;
    std::string_view value;
};

/// An ordered list of (name, value) pairs in one allocation: headers, parameters, attributes.
/// Views stay valid until the list changes. Not thread-safe.
///
///     | name size u32 | value size u32 | name | value |  ...
class FieldList {
  public:
    class Iterator {
      public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = Field;
        using difference_type = std::ptrdiff_t;
        using pointer = const Field*;
        using reference = Field;

        Iterator() = default;
        explicit Iterator(const char* at) : at_(at) {}

        Field operator*() const {
            return {{at_ + kPrefix, NameSize()}, {at_ + kPrefix + NameSize(), ValueSize()}};
        }
        Iterator& operator++() {
            at_ += kPrefix + NameSize() + ValueSize();
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(Iterator, Iterator) = default;

      private:
        std::uint32_t Size(std::size_t offset) const {
            std::uint32_t size = 0;
            std::memcpy(&size, at_ + offset, sizeof size);
            return size;
        }
        std::uint32_t NameSize() const { return Size(0); }
        std::uint32_t ValueSize() const { return Size(sizeof(std::uint32_t)); }

        const char* at_ = nullptr;
    };

    /// Both are below 4 GiB: everything that is stored here has passed a limit.
    void Append(std::string_view name, std::string_view value);

    /// The first field with this name, ASCII case-insensitively; an empty view with a null data
    /// pointer where there is none.
    std::string_view Find(std::string_view name) const;
    bool Contains(std::string_view name) const { return Find(name).data() != nullptr; }

    Iterator begin() const { return Iterator(packed_.data()); }
    Iterator end() const { return Iterator(packed_.data() + packed_.size()); }
    bool empty() const { return packed_.empty(); }
    void Reserve(std::size_t bytes) { packed_.reserve(bytes); }
    /// Gives the memory back, too.
    void Clear() { std::string().swap(packed_); }

    /// What the list holds in memory.
    std::size_t bytes() const { return packed_.capacity(); }

  private:
    static constexpr std::size_t kPrefix = 2 * sizeof(std::uint32_t);
    std::string packed_;
};

/// ASCII case-insensitive equality, as for header names (RFC 9110, 5.1).
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace holdfast::gateway
