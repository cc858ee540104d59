#include "load/flow/answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "load/flow/answer_json.h"

namespace holdfast::load {
namespace {

bool SameName(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string Shortest(double number) {
    std::array<char, 32> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), written.ptr};
}

}  // namespace

Answer::Answer() : json_(std::make_unique<Json>()) {}
Answer::~Answer() = default;
Answer::Answer(Answer&&) noexcept = default;
Answer& Answer::operator=(Answer&&) noexcept = default;

void Answer::Reset(const IncomingResponse& response) {
    response_ = response;
    json_->state = Json::State::kUnparsed;
}

bool Answer::IsJson() {
    if (json_->state == Json::State::kUnparsed) {
        const std::string_view text = response_.body;
        json_->padded.resize(
            std::max(json_->padded.size(), text.size() + simdjson::SIMDJSON_PADDING));
        std::ranges::copy(text, json_->padded.begin());
        const auto parsed = json_->parser.parse(json_->padded.data(), text.size(), false);
        const bool good = parsed.get(json_->root) == simdjson::SUCCESS;
        json_->state = good ? Json::State::kGood : Json::State::kBad;
    }
    return json_->state == Json::State::kGood;
}

std::optional<std::string_view> Answer::Header(std::string_view name) const {
    for (const HeaderView& header : response_.headers) {
        if (SameName(header.name, name)) return header.value;
    }
    return std::nullopt;
}

std::optional<Answer::Found> Answer::At(const Selector& selector) {
    if (selector.header) {
        const auto value = Header(selector.name);
        if (!value) return std::nullopt;
        return Found{.text = *value};
    }
    simdjson::dom::element element;
    if (!IsJson() || json_->root.at_pointer(selector.name).get(element) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    using Element = simdjson::dom::element_type;
    Found found;
    switch (element.type()) {
        case Element::STRING:
            return Found{.text = element.get_string().value_unsafe()};
        case Element::INT64:
        case Element::UINT64:
            found.type = Type::kInteger;
            found.number = element.get_double().value_unsafe();
            scratch_ = element.is_int64() ? std::to_string(element.get_int64().value_unsafe())
                                          : std::to_string(element.get_uint64().value_unsafe());
            break;
        case Element::DOUBLE:
            found.type = Type::kNumber;
            found.number = element.get_double().value_unsafe();
            scratch_ = Shortest(found.number);
            break;
        case Element::BOOL:
            found.type = Type::kBoolean;
            scratch_ = element.get_bool().value_unsafe() ? "true" : "false";
            break;
        case Element::NULL_VALUE:
            found.type = Type::kNull;
            scratch_ = "null";
            break;
        case Element::ARRAY:
            found.type = Type::kList;
            found.size = element.get_array().value_unsafe().size();
            scratch_ = simdjson::minify(element);
            break;
        case Element::OBJECT:
            found.type = Type::kObject;
            found.size = element.get_object().value_unsafe().size();
            scratch_ = simdjson::minify(element);
            break;
    }
    found.text = scratch_;
    return found;
}

}  // namespace holdfast::load
