#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The protobuf wire format, as far as envelope.proto needs it: varints, fixed64 and
// length-delimited fields (https://protobuf.dev/programming-guides/encoding/). Groups are not
// taken.
//
// Thread: any. Nothing allocates.
namespace holdfast::gateway::wire_format {

static_assert(std::endian::native == std::endian::little, "fixed64 is copied as it is");

enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// A field's number and type in one value, to switch on.
constexpr std::uint32_t Tag(int number, Type type) {
    return static_cast<std::uint32_t>(number) << 3U | static_cast<std::uint32_t>(type);
}
constexpr std::uint32_t NumberOf(std::uint32_t tag) {
    return tag >> 3U;
}

struct Field {
    std::uint32_t tag = 0;
    std::uint64_t value = 0;  ///< of a varint or fixed field
    std::string_view bytes;   ///< of a length-delimited field; a view of the message
};

/// Walks over the fields of one message.
class Reader {
  public:
    explicit Reader(std::string_view message)
        : at_(message.data()), end_(message.data() + message.size()) {}

    /// False at the end, and where the bytes are not a message: then ok() is false.
    bool Next(Field& field) {
        if (at_ == end_) return false;
        std::uint64_t tag = 0;
        if (!Varint(tag) || tag > kLastTag || NumberOf(static_cast<std::uint32_t>(tag)) == 0) {
            return Fail();
        }
        field.tag = static_cast<std::uint32_t>(tag);
        switch (static_cast<Type>(tag & 7U)) {
            case Type::kVarint:
                return Varint(field.value) || Fail();
            case Type::kFixed64:
                return Fixed<std::uint64_t>(field.value) || Fail();
            case Type::kFixed32:
                return Fixed<std::uint32_t>(field.value) || Fail();
            case Type::kBytes:
                if (!Varint(field.value) || field.value > Left()) return Fail();
                field.bytes = {at_, static_cast<std::size_t>(field.value)};
                at_ += field.bytes.size();
                return true;
        }
        return Fail();
    }

    bool ok() const { return ok_; }

  private:
    static constexpr std::uint64_t kLastTag = ~std::uint32_t{0};
    static constexpr int kVarintBits = 70;  ///< ten bytes

    std::size_t Left() const { return static_cast<std::size_t>(end_ - at_); }
    bool Fail() { return ok_ = false; }

    bool Varint(std::uint64_t& value) {
        value = 0;
        for (int shift = 0; shift < kVarintBits && at_ != end_; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at_++);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    template <typename Integer>
    bool Fixed(std::uint64_t& value) {
        if (Left() < sizeof(Integer)) return false;
        Integer fixed = 0;
        std::memcpy(&fixed, at_, sizeof fixed);
        value = fixed;
        at_ += sizeof fixed;
        return true;
    }

    const char* at_;
    const char* end_;
    bool ok_ = true;
};

constexpr std::size_t VarintSize(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7U) ++size;
    return size;
}

// What a field takes with its tag. As in proto3, a scalar that is zero and a string that is empty
// are left out.
constexpr std::size_t UintSize(int number, std::uint64_t value) {
    return value == 0 ? 0 : VarintSize(Tag(number, Type::kVarint)) + VarintSize(value);
}
constexpr std::size_t Fixed64Size(int number, std::uint64_t value) {
    return value == 0 ? 0 : VarintSize(Tag(number, Type::kFixed64)) + sizeof value;
}
/// Of a message field: it is written even when it is empty.
constexpr std::size_t MessageSize(int number, std::size_t size) {
    return VarintSize(Tag(number, Type::kBytes)) + VarintSize(size) + size;
}
constexpr std::size_t BytesSize(int number, std::string_view bytes) {
    return bytes.empty() ? 0 : MessageSize(number, bytes.size());
}

/// Writes fields one after another into memory that was measured before.
class Writer {
  public:
    Writer(char* begin, std::size_t size) : at_(begin), end_(begin + size) {}

    void Uint(int number, std::uint64_t value) {
        if (value == 0) return;
        Varint(Tag(number, Type::kVarint));
        Varint(value);
    }
    void Fixed64(int number, std::uint64_t value) {
        if (value == 0) return;
        Varint(Tag(number, Type::kFixed64));
        Raw(&value, sizeof value);
    }
    void Bytes(int number, std::string_view bytes) {
        if (bytes.empty()) return;
        Message(number, bytes.size());
        Raw(bytes.data(), bytes.size());
    }
    /// The head of a message field; its `size` bytes of fields follow.
    void Message(int number, std::size_t size) {
        Varint(Tag(number, Type::kBytes));
        Varint(size);
    }
    bool AtEnd() const { return at_ == end_; }

  private:
    void Varint(std::uint64_t value) {
        assert(at_ + VarintSize(value) <= end_);
        for (; value >= 0x80; value >>= 7U) *at_++ = static_cast<char>(value | 0x80U);
        *at_++ = static_cast<char>(value);
    }
    void Raw(const void* data, std::size_t size) {
        assert(at_ + size <= end_);
        std::memcpy(at_, data, size);
        at_ += size;
    }

    char* at_;
    [[maybe_unused]] char* end_;
};

}  // namespace holdfast::gateway::wire_format
