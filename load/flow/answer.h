#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "load/flow/journey.h"

namespace holdfast::load {

/// Where in an answer something stands.
struct Selector {
    bool header = false;
    std::string name;  ///< the header's name, or a JSON pointer (RFC 6901)

    /// "header location" or "/orderId", for messages.
    std::string Text() const { return (header ? "header " : "") + name; }
};

/// One answer at a time; its JSON is parsed when something in it is asked for, and then once.
/// Thread: one.
class Answer {
  public:
    enum class Type : std::uint8_t { kNull, kBoolean, kInteger, kNumber, kString, kList, kObject };
    struct Found {
        Type type = Type::kString;
        std::string_view text;  ///< a string's text, a number's digits, of the others its JSON
        double number = 0;
        std::size_t size = 0;  ///< of a list or an object
    };
    /// The parsed body, of answer_json.h.
    struct Json;

    Answer();
    ~Answer();
    Answer(Answer&&) noexcept;
    Answer& operator=(Answer&&) noexcept;

    /// `response` stays where it is for as long as it is asked about.
    void Reset(const IncomingResponse& response);

    std::uint16_t status() const { return response_.status; }
    std::string_view body() const { return response_.body; }
    bool IsJson();
    std::optional<std::string_view> Header(std::string_view name) const;
    /// Valid until the next call.
    std::optional<Found> At(const Selector& selector);

    /// nullopt: the body is an order whose sums add up; otherwise what does not, in words. The
    /// rules are those of docs/load-flows.md.
    std::optional<std::string> WrongTotals();

  private:
    IncomingResponse response_;
    std::unique_ptr<Json> json_;
    std::string scratch_;
};

}  // namespace holdfast::load
