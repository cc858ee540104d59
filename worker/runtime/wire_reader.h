#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <string_view>

namespace holdfast::worker {

/// Walks over the fields of one protobuf message that is in memory. Groups are not taken.
/// Thread: one at a time. Nothing allocates.
class WireReader {
  public:
    enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

    explicit WireReader(std::string_view message)
        : message_(message),
          input_(static_cast<const std::uint8_t*>(static_cast<const void*>(message.data())),
                 static_cast<int>(message.size())) {}

    /// False at the end, and where the bytes are not a message: then ok() is false.
    bool Next() {
        const std::uint32_t tag = input_.ReadTag();
        if (tag == 0) {
            ok_ = input_.ConsumedEntireMessage();
            return false;
        }
        number_ = static_cast<int>(tag >> 3U);
        type_ = static_cast<Type>(tag & 7U);
        bytes_ = {};
        value_ = 0;
        return (ok_ = ReadValue());
    }
    bool ok() const { return ok_; }

    /// Whether the field has that number and type; one of another type is treated as unknown.
    bool Is(int number, Type type) const { return number_ == number && type_ == type; }
    int number() const { return number_; }
    Type type() const { return type_; }
    std::uint64_t value() const { return value_; }
    std::string_view bytes() const { return bytes_; }  ///< a view of the message

  private:
    bool ReadValue() {
        if (number_ == 0) return false;
        std::uint32_t fixed = 0;
        switch (type_) {
            case Type::kVarint:
                return input_.ReadVarint64(&value_);
            case Type::kFixed64:
                return input_.ReadLittleEndian64(&value_);
            case Type::kFixed32:
                return input_.ReadLittleEndian32(&fixed);
            case Type::kBytes: {
                if (!input_.ReadVarint64(&value_)) return false;
                const auto at = static_cast<std::size_t>(input_.CurrentPosition());
                if (value_ > message_.size() - at) return false;
                bytes_ = message_.substr(at, static_cast<std::size_t>(value_));
                return input_.Skip(static_cast<int>(value_));
            }
        }
        return false;
    }

    std::string_view message_;
    google::protobuf::io::CodedInputStream input_;
    int number_ = 0;
    Type type_ = Type::kVarint;
    std::uint64_t value_ = 0;
    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace holdfast::worker
