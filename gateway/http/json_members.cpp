#include "gateway/http/json_members.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/http/characters.h"

namespace holdfast::gateway::http {
namespace {

using Json = nlohmann::json;

/// Walks text that is known to be valid JSON, so every step is a jump to the next character of
/// interest.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    char Peek() {
        at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void Skip() { ++at_; }

    std::string_view TakeString() {
        const std::size_t begin = at_++;
        while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
        ++at_;
        return text_.substr(begin, at_ - begin);
    }

    std::string_view TakeValue() {
        const char first = Peek();
        const std::size_t begin = at_;
        if (first == '"') return TakeString();
        if (first != '{' && first != '[') {
            at_ = std::min(text_.find_first_of(",}] \t\r\n", at_), text_.size());
            return text_.substr(begin, at_ - begin);
        }
        std::size_t depth = 0;
        do {
            const char c = text_[at_];
            if (c == '"') {
                TakeString();
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') --depth;
            ++at_;
        } while (depth > 0);
        return text_.substr(begin, at_ - begin);
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::string DecodeJsonString(std::string_view token) {
    const std::string_view inside = token.substr(1, token.size() - 2);
    if (inside.find('\\') == std::string_view::npos) return std::string(inside);
    return Json::parse(token).get<std::string>();
}

void AppendJsonString(std::string& to, std::string_view text) {
    const auto plain = [](char c) { return IsVisible(c) && c != '"' && c != '\\'; };
    if (std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == ' '; })) {
        to += '"';
        to += text;
        to += '"';
        return;
    }
    to += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool ForEachMember(std::string_view text, const std::function<void(const JsonMember&)>& visit) {
    Cursor cursor(text);
    // A byte order mark would be valid for the parser below, and is no brace here.
    if (cursor.Peek() != '{' || !Json::accept(text)) return false;
    cursor.Skip();
    while (cursor.Peek() != '}') {
        if (cursor.Peek() == ',') {
            cursor.Skip();
            cursor.Peek();
        }
        const std::string name = DecodeJsonString(cursor.TakeString());
        cursor.Peek();
        cursor.Skip();  // the colon
        const std::string_view value = cursor.TakeValue();
        visit({name, value});
    }
    return true;
}

}  // namespace holdfast::gateway::http
