#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// A second, independent reading of HTTP/1.1, as plain and as strict as RFC 9112 lets it be: what
// the gateway takes for a request must be one here too, with the same end and the same body.
namespace holdfast::fuzz {

struct StrictRequest {
    enum class State { kIncomplete, kMalformed, kComplete };
    State state = State::kIncomplete;
    std::string method;  ///< as soon as its blank is there
    std::string body;
    std::size_t size = 0;   ///< of all of it, empty lines before it included; kComplete
    bool has_head = false;  ///< all of its head is there, and well-formed
};

/// The first request in `bytes`.
StrictRequest ReadRequest(std::string_view bytes);

struct StrictAnswer {
    enum class State { kIncomplete, kMalformed, kComplete };
    State state = State::kIncomplete;
    unsigned status = 0;
    bool closes = false;
    std::size_t head = 0;  ///< bytes
    std::size_t body = 0;  ///< bytes, as its Content-Length says
};

/// The first answer in `bytes`, of which only the head need be there. kMalformed also when it lacks
/// what every answer of the gateway has.
StrictAnswer ReadAnswer(std::string_view bytes);

}  // namespace holdfast::fuzz
