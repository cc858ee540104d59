#include "gateway/bus/description_decoder.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "gateway/bus/codec.h"
#include "gateway/bus/printable.h"
#include "gateway/bus/wire_format.h"
#include "proto/envelope.pb.h"

namespace holdfast::gateway {
namespace {

using wire::Description;
using wire_format::Reader;
using wire_format::Tag;

constexpr auto kVarint = wire_format::Type::kVarint;
constexpr auto kBytes = wire_format::Type::kBytes;

std::string Text(std::string_view bytes) {
    return Printable(bytes, CodecLimits::kDescriptionBytes);
}

/// A worker's figure, as far as a duration can hold it.
Duration Milliseconds(std::uint64_t value) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    return std::chrono::milliseconds(static_cast<std::int64_t>(value < kMost ? value : kMost));
}

bool DecodeCount(std::string_view bytes, std::pair<std::string, std::uint64_t>& count) {
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(Description::Count::kNameFieldNumber, kBytes)) {
            count.first = Text(field.bytes);
        } else if (field.tag == Tag(Description::Count::kValueFieldNumber, kVarint)) {
            count.second = field.value;
        }
    }
    return reader.ok();
}

bool DecodeSetting(std::string_view bytes, std::pair<std::string, std::string>& setting) {
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        if (field.tag == Tag(wire::Field::kNameFieldNumber, kBytes)) {
            setting.first = Text(field.bytes);
        } else if (field.tag == Tag(wire::Field::kValueFieldNumber, kBytes)) {
            setting.second = Text(field.bytes);
        }
    }
    return reader.ok();
}

/// Where a text goes; null for what is none.
std::string* TextOf(DescriptionItem& description, std::uint32_t tag) {
    switch (tag) {
        case Tag(Description::kPluginFieldNumber, kBytes):
            return &description.plugin;
        case Tag(Description::kPluginVersionFieldNumber, kBytes):
            return &description.plugin_version;
        case Tag(Description::kBuiltWithFieldNumber, kBytes):
            return &description.built_with;
        case Tag(Description::kAbiFieldNumber, kBytes):
            return &description.abi;
        case Tag(Description::kVersionFieldNumber, kBytes):
            return &description.version;
        default:
            return nullptr;
    }
}

}  // namespace

bool DecodeDescription(std::string_view bytes, DescriptionItem& description) {
    if (bytes.size() > CodecLimits::kDescription) return false;
    Reader reader(bytes);
    for (wire_format::Field field; reader.Next(field);) {
        if (std::string* text = TextOf(description, field.tag)) {
            *text = Text(field.bytes);
            continue;
        }
        switch (field.tag) {
            case Tag(Description::kNumberFieldNumber, kVarint):
                description.number = field.value;
                break;
            case Tag(Description::kUptimeMsFieldNumber, kVarint):
                description.uptime = Milliseconds(field.value);
                break;
            case Tag(Description::kThreadsFieldNumber, kVarint):
                description.threads = static_cast<std::uint32_t>(field.value);
                break;
            case Tag(Description::kCountersFieldNumber, kBytes):
                if (description.counters.size() == CodecLimits::kCounters) return false;
                if (!DecodeCount(field.bytes, description.counters.emplace_back())) return false;
                break;
            case Tag(Description::kSettingsFieldNumber, kBytes):
                if (description.settings.size() == CodecLimits::kSettings) return false;
                if (!DecodeSetting(field.bytes, description.settings.emplace_back())) return false;
                break;
            default:
                break;
        }
    }
    return reader.ok();
}

}  // namespace holdfast::gateway
