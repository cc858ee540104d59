#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::worker {

/// RFC 4648, section 4, with padding.
std::string EncodeBase64(std::string_view bytes);

/// Nothing for anything else than what EncodeBase64 gives.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace holdfast::worker
