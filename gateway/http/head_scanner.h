#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/http/reject.h"

namespace holdfast::gateway::http {

/// Finds the end of a request head in raw bytes and refuses what a lenient parser would let
/// through: bare CR, bare LF, NUL and other control bytes, folded lines, white space in header
/// names (RFC 9112, 2.2, 5.1, 5.2). It also holds the exact limits. It reads each line once,
/// however the bytes arrive.
///
/// Thread: none of its own. A plain value that a session keeps between reads.
class HeadScanner {
  public:
    struct Limits {
        std::size_t request_line = 0;  ///< without its CRLF
        std::size_t header_bytes = 0;  ///< all header lines with their CRLFs
        std::size_t header_count = 0;
    };

    struct Result {
        enum class Status : std::uint8_t { kIncomplete, kComplete, kRefused };
        Status status = Status::kIncomplete;
        std::size_t begin = 0;  ///< kComplete: where the request line begins
        std::size_t end = 0;    ///< kComplete: one past the empty line
        Reject reason{};        ///< kRefused
    };

    /// `data` begins where it began in the last call and has perhaps grown.
    Result Scan(std::string_view data, const Limits& limits);

    /// Forgets everything: the next head.
    void Reset() { *this = HeadScanner(); }

  private:
    std::optional<Reject> CheckLine(std::string_view line, const Limits& limits);
    std::optional<Reject> CheckPartial(std::string_view rest, const Limits& limits) const;

    std::uint32_t line_start_ = 0;
    std::uint32_t head_start_ = 0;
    std::uint32_t headers_start_ = 0;  ///< 0: the request line is not complete
    std::uint16_t header_lines_ = 0;
    std::uint8_t empty_lines_ = 0;
};

/// The request line's own rules, in the order that gives the most telling answer: version first, so
/// that an HTTP/2 preface is a 505.
std::optional<Reject> CheckRequestLine(std::string_view line);

}  // namespace holdfast::gateway::http
