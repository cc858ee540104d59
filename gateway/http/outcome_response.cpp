#include "gateway/http/outcome_response.h"

namespace holdfast::gateway::http {
namespace {

constexpr std::string_view kSafeToRetry = "The request was not processed; it is safe to retry.";
constexpr std::string_view kUnknown = "It is not known whether the request was processed.";
constexpr std::string_view kStarted = "The request was started; its outcome is not known.";

std::string_view DetailOf(Progress progress) {
    switch (progress) {
        case Progress::kNeverSent:
            return kSafeToRetry;
        case Progress::kSent:
            return kUnknown;
        case Progress::kStarted:
            return kStarted;
    }
    return kUnknown;
}

ProblemAnswer Make(unsigned status, std::string_view title, Outcome outcome, Progress progress) {
    return {.status = status,
            .slug = Name(outcome),
            .title = title,
            .detail = DetailOf(progress),
            .outcome = outcome,
            .processed = progress,
            .retry_after = status == 503 && progress == Progress::kNeverSent};
}

}  // namespace

ProblemAnswer AnswerFor(Outcome outcome, Progress progress) {
    const bool never_sent = progress == Progress::kNeverSent;
    switch (outcome) {
        case Outcome::kReplied:
        case Outcome::kCancelled:
        case Outcome::kCount:
            return Make(0, {}, outcome, progress);
        case Outcome::kUnavailable:
            // The last attempt did nothing; of an earlier one whose worker was lost nobody knows.
            return Make(503, "The worker did not take the request", outcome,
                        never_sent ? Progress::kNeverSent : Progress::kSent);
        case Outcome::kOverloaded:
            return Make(503, "The gateway is full", outcome, progress);
        case Outcome::kNoWorker:
            return Make(503, "No worker for this service", outcome, progress);
        case Outcome::kTimedOut:
            return Make(504, "The deadline passed", outcome, progress);
        case Outcome::kWorkerLost:
            return Make(never_sent ? 503 : 502, "The worker was lost", outcome, progress);
        case Outcome::kWorkerError: {
            ProblemAnswer answer = Make(502, "The worker failed", outcome, progress);
            answer.detail = "The worker gave no usable reply.";
            return answer;
        }
        case Outcome::kShuttingDown:
            return Make(never_sent ? 503 : 502, "The gateway is shutting down", outcome, progress);
        case Outcome::kRejected:
            return AnswerFor(Reject::kRequestLine);
    }
    return {};
}

ProblemAnswer AnswerFor(Reject reject) {
    const RejectInfo& info = Describe(reject);
    return {.status = info.status,
            .slug = info.slug,
            .title = ReasonPhrase(info.status),
            .detail = info.detail,
            .outcome = Outcome::kRejected,
            .processed = Progress::kNeverSent,
            .retry_after = false};
}

std::string_view ReasonPhrase(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 203:
            return "Non-Authoritative Information";
        case 204:
            return "No Content";
        case 205:
            return "Reset Content";
        case 206:
            return "Partial Content";
        case 300:
            return "Multiple Choices";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 425:
            return "Too Early";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 451:
            return "Unavailable For Legal Reasons";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "";
    }
}

}  // namespace holdfast::gateway::http
