#include "worker/plugins/orders/validation.h"

#include <openssl/sha.h>
#include <holdfast/worker/json.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <utility>

namespace holdfast::orders {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 8;
constexpr std::size_t kShownName = 64;  ///< of a name that the client made up

Problem Invalid(std::string field, std::string detail) {
    return {400, "invalid-order", "The order is not valid", std::move(detail), std::move(field)};
}

bool HasControlCharacter(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
}

std::optional<Problem> CheckMembers(const json& object, const std::string& path,
                                    std::initializer_list<std::string_view> known) {
    for (const auto& item : object.items()) {
        if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
            return Invalid(path + item.key().substr(0, kShownName), "there is no such member");
        }
    }
    for (std::string_view name : known) {
        if (!object.contains(name)) return Invalid(path + std::string(name), "is missing");
    }
    return std::nullopt;
}

/// The member as text, or why it is not.
std::optional<Problem> ReadText(const json& member, const std::string& field, std::size_t max_bytes,
                                std::string& out) {
    if (!member.is_string()) return Invalid(field, "must be a string");
    out = member.get<std::string>();
    if (out.empty()) return Invalid(field, "must not be empty");
    if (out.size() > max_bytes) {
        return Invalid(field, "must not be longer than " + std::to_string(max_bytes) + " bytes");
    }
    if (HasControlCharacter(out)) return Invalid(field, "must not have control characters");
    return std::nullopt;
}

std::optional<Problem> ReadLine(const json& element, const std::string& path, RequestedLine& out) {
    if (!element.is_object()) return Invalid(path, "must be an object");
    if (auto problem = CheckMembers(element, path + ".", {"sku", "quantity"})) return problem;
    if (auto problem = ReadText(element["sku"], path + ".sku", kMaxSkuBytes, out.sku)) {
        return problem;
    }
    const json& quantity = element["quantity"];
    if (!quantity.is_number_integer()) {
        return Invalid(path + ".quantity", "must be an integer that fits 64 bits");
    }
    // Beyond the signed range the library holds an unsigned number.
    if (quantity.is_number_unsigned() &&
        !std::in_range<std::int64_t>(quantity.get<std::uint64_t>())) {
        return Invalid(path + ".quantity", "is too large");
    }
    out.quantity = quantity.get<std::int64_t>();
    if (out.quantity <= 0) return Invalid(path + ".quantity", "must be at least 1");
    return std::nullopt;
}

}  // namespace

std::variant<OrderRequest, Problem> ParseOrderRequest(std::string_view body) {
    worker::JsonResult parsed = worker::ParseStrictJson(body, kMaxDepth);
    if (!parsed.value) {
        return Problem{400, "malformed-json", "The body is not acceptable JSON",
                       std::move(parsed.error), "body"};
    }
    const json& root = *parsed.value;
    if (!root.is_object()) return Invalid("body", "must be a JSON object");
    if (auto problem = CheckMembers(root, "", {"customer", "lines", "currency"})) return *problem;

    OrderRequest order;
    if (auto problem = ReadText(root["customer"], "customer", kMaxCustomerBytes, order.customer)) {
        return *problem;
    }
    if (auto problem = ReadText(root["currency"], "currency", 3, order.currency)) return *problem;
    if (order.currency.size() != 3 || !std::all_of(order.currency.begin(), order.currency.end(),
                                                   [](char c) { return c >= 'A' && c <= 'Z'; })) {
        return Invalid("currency", "must be a three-letter code such as EUR");
    }
    const json& lines = root["lines"];
    if (!lines.is_array()) return Invalid("lines", "must be an array");
    if (lines.empty()) return Invalid("lines", "must have at least one line");
    if (lines.size() > kMaxLines) {
        return Invalid("lines", "must not have more than " + std::to_string(kMaxLines) + " lines");
    }
    std::set<std::string_view> skus;
    order.lines.reserve(lines.size());  // keeps the views in `skus` where they are
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string path = "lines[" + std::to_string(i) + "]";
        RequestedLine& line = order.lines.emplace_back();
        if (auto problem = ReadLine(lines[i], path, line)) return *problem;
        if (!skus.insert(line.sku).second) {
            return Invalid(path + ".sku", "appears in an earlier line already");
        }
    }
    return order;
}

std::optional<Problem> CheckIdempotencyKey(std::string_view key) {
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (printable && key.size() <= kMaxIdempotencyKeyBytes) return std::nullopt;
    return Problem{400, "invalid-idempotency-key", "The Idempotency-Key is not valid",
                   "must be 1 to 255 printable ASCII characters", "Idempotency-Key"};
}

std::optional<std::string> ParseUuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string uuid;
    uuid.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return std::nullopt;
            uuid += c;
        } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
            uuid += c;
        } else if (c >= 'A' && c <= 'F') {
            uuid += static_cast<char>(c - 'A' + 'a');
        } else {
            return std::nullopt;
        }
    }
    return uuid;
}

std::string Fingerprint(const OrderRequest& request) {
    json lines = json::array();
    for (const RequestedLine& line : request.lines) {
        lines.push_back(json::array({line.sku, line.quantity}));
    }
    const std::string canonical = json::array({request.customer, request.currency, lines}).dump();
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(),
           digest.data());
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

}  // namespace holdfast::orders
