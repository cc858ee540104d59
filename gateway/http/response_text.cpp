#include "gateway/http/response_text.h"

#include <array>
#include <charconv>
#include <ctime>

#include "gateway/http/reply_check.h"
#include "gateway/http/string_memory.h"

namespace holdfast::gateway::http {
namespace {

constexpr std::string_view kProblemPrefix = "urn:holdfast:problem:";

/// Bodies up to this size are copied behind the head; larger ones are sent from where they are.
constexpr std::size_t kCopyBytes = 16U << 10U;

void AppendNumber(std::string& to, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    to.append(digits.data(), end);
}

void AppendId(std::string& to, CorrelationId id) {
    constexpr char kHex[] = "0123456789abcdef";
    std::array<char, 16> digits{};
    std::uint64_t value = id.value();
    for (std::size_t i = digits.size(); i-- > 0; value >>= 4U) digits[i] = kHex[value & 0xFU];
    to.append(digits.data(), digits.size());
}

void AppendHeader(std::string& to, std::string_view name, std::string_view value) {
    to += name;
    to += ": ";
    to += value;
    to += "\r\n";
}

void AppendStart(std::string& to, const ResponseContext& context, unsigned status,
                 Outcome outcome) {
    to += "HTTP/1.1 ";
    AppendNumber(to, status);
    to += ' ';
    to += ReasonPhrase(status);
    to += "\r\n";
    AppendHeader(to, "Date", context.date);
    if (!context.server_name.empty()) AppendHeader(to, "Server", context.server_name);
    AppendHeader(to, "Holdfast-Outcome", Name(outcome));
    to += "Holdfast-Correlation-Id: ";
    AppendId(to, context.id);
    to += "\r\n";
    if (!context.keep_alive) {
        to += "Connection: close\r\n";
    } else if (context.http10) {
        to += "Connection: keep-alive\r\n";
    }
}

void AppendLength(std::string& to, std::uint64_t length) {
    to += "Content-Length: ";
    AppendNumber(to, length);
    to += "\r\n";
}

}  // namespace

// Every text here is from this program's own tables and needs no escaping.
void AppendProblem(std::string& to, const ResponseContext& context, const ProblemAnswer& answer,
                   std::string_view allow) {
    AppendStart(to, context, answer.status, answer.outcome);
    AppendHeader(to, "Holdfast-Processed", Name(answer.processed));
    if (answer.retry_after) {
        to += "Retry-After: ";
        AppendNumber(to, context.retry_after);
        to += "\r\n";
    }
    if (!allow.empty()) AppendHeader(to, "Allow", allow);
    AppendHeader(to, "Content-Type", "application/problem+json");

    std::string body;
    body.reserve(320);
    body += R"({"type":")";
    body += kProblemPrefix;
    body += answer.slug;
    body += R"(","title":")";
    body += answer.title;
    body += R"(","status":)";
    AppendNumber(body, answer.status);
    body += R"(,"detail":")";
    body += answer.detail;
    body += R"(","correlationId":")";
    AppendId(body, context.id);
    body += R"("})";
    body += '\n';
    AppendLength(to, body.size());
    to += "\r\n";
    if (!context.head_request) to += body;
}

void AppendReplyHead(std::string& to, const ResponseContext& context, const Reply& reply) {
    AppendStart(to, context, reply.status, Outcome::kReplied);
    std::string_view announced;
    for (const Field header : reply.headers) {
        if (!IsDroppedFromReply(header.name)) {
            AppendHeader(to, header.name, header.value);
        } else if (context.head_request && EqualsIgnoringCase(header.name, "content-length")) {
            announced = header.value;
        }
    }
    if (!HasNoLength(reply.status)) {
        if (reply.body.empty() && !announced.empty()) {
            AppendHeader(to, "Content-Length", announced);
        } else {
            AppendLength(to, reply.body.size());
        }
    }
    to += "\r\n";
}

void AppendReply(std::string& to, const ResponseContext& context, Reply& reply) {
    AppendReplyHead(to, context, reply);
    reply.headers.Clear();
    if (reply.body.size() > kCopyBytes && !context.head_request) return;
    if (!context.head_request) to += reply.body;
    Free(reply.body);
}

void AppendOptions(std::string& to, const ResponseContext& context, std::string_view allow) {
    AppendStart(to, context, 204, Outcome::kReplied);
    AppendHeader(to, "Holdfast-Processed", Name(Progress::kNeverSent));
    AppendHeader(to, "Allow", allow);
    to += "\r\n";
}

std::string FormatHttpDate(std::int64_t seconds_since_1970) {
    constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto whole = static_cast<std::time_t>(seconds_since_1970);
    std::tm parts{};
    gmtime_r(&whole, &parts);
    std::string text = kDays[static_cast<std::size_t>(parts.tm_wday)];
    std::array<char, 40> rest{};
    text.append(rest.data(), std::strftime(rest.data(), rest.size(), ", %d ", &parts));
    text += kMonths[static_cast<std::size_t>(parts.tm_mon)];
    text.append(rest.data(), std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &parts));
    return text;
}

}  // namespace holdfast::gateway::http
