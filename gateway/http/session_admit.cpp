#include <algorithm>

#include "gateway/http/assembler.h"
#include "gateway/http/head_parser.h"
#include "gateway/http/path.h"
#include "gateway/http/request_builder.h"
#include "gateway/http/session.h"
#include "gateway/http/session_parts.h"

namespace holdfast::gateway::http {
namespace {

/// Its client waits with the body, or with giving up, until it has heard.
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// What a chunked body's buffer may have in excess of its size.
constexpr std::size_t kSlack = 512;

}  // namespace

// Every check here is made on the head alone, before any byte of the body is read or paid for.
std::size_t Session::HandleHead(std::string_view head, std::string_view behind) {
    context_.counters.Add(Counter::kRequestsReceived);
    received_ = context_.now;
    head_request_ = http10_ = keep_alive_ = false;
    discard_left_ = 0;
    RequestHead& parsed = context_.head;
    const auto refuse = [&](Reject reason) {
        RefuseAndClose(reason);
        return behind.size();
    };
    if (const auto reason = ParseHead(head, parsed)) return refuse(*reason);
    head_request_ = parsed.method == "HEAD";
    http10_ = parsed.http10;
    Framing framing;
    if (const auto reason = CheckFraming(parsed, framing)) return refuse(*reason);
    keep_alive_ = framing.keep_alive;
    if (context_.options.access_log) NoteAccess(parsed.method, parsed.target);

    Target target;
    if (const auto reason = ParseTarget(parsed.method, parsed.target, framing.host, target)) {
        return refuse(*reason);
    }
    const auto refuse_request = [&](Reject reason, std::string_view allow) {
        RefuseRequest(AnswerFor(reason), framing, allow);
        return std::size_t{0};
    };
    const auto answer_options = [&](std::string_view allow) {
        AnswerOptions(framing, allow);
        return std::size_t{0};
    };
    if (target.form == Target::Form::kAsterisk) return answer_options(context_.router.allow());
    if (const auto reason = NormalisePath(target.path, context_.path)) return refuse(*reason);
    const Endpoint* endpoint = context_.router.Match(context_.path, context_.parameters);
    if (endpoint == nullptr) return refuse_request(Reject::kNotFound, {});
    const Endpoint::Entry* entry = endpoint->Find(parsed.method);
    if (entry == nullptr) {
        if (parsed.method == "OPTIONS") return answer_options(endpoint->allow);
        const bool known =
            IsRegisteredMethod(parsed.method) || context_.router.KnowsMethod(parsed.method);
        return refuse_request(known ? Reject::kMethodNotAllowed : Reject::kMethodUnknown,
                              endpoint->allow);
    }
    if (access_ != nullptr) access_->route = entry->route->path;
    if (framing.expects_other) return refuse_request(Reject::kExpectation, {});
    if (framing.has_body() && !TakesMediaType(parsed, *entry->route)) {
        return refuse_request(Reject::kMediaType, {});
    }
    if (framing.length > entry->route->body_limit) {
        return refuse_request(Reject::kBodyTooLarge, {});
    }
    return Admit(framing, *entry, target.query, head.size(), behind);
}

std::size_t Session::Admit(const Framing& framing, const Endpoint::Entry& entry,
                           std::string_view query, std::size_t head_bytes,
                           std::string_view behind) {
    RequestTerms terms;
    if (const auto reason = ReadTerms(context_.head, *entry.route, terms)) {
        RefuseRequest(AnswerFor(*reason), framing);
        return 0;
    }
    // What escaping adds to a path is held twice: in the target and in the parameters.
    const std::size_t raw = context_.head.target.size();
    const std::size_t escaped = std::max(context_.path.size(), raw) - raw;
    const std::uint64_t held = head_bytes + 2 * escaped;
    RouteBudget* const of_route = entry.route->budget.get();
    std::optional<RouteShare> share = of_route ? of_route->TryAdmit(held) : RouteShare();
    if (!share) {
        RefuseRequest(Overloaded(Counter::kOverloadedRoute), framing);
        return 0;
    }
    std::optional<Permit> permit = context_.budget.TryAdmit(held, std::move(*share));
    // A body that is here already waits for nobody: it must not stand behind slow ones.
    const bool here = !framing.chunked && behind.size() >= framing.length;
    const auto pay = [&](Permit& with) {
        return here ? with.TryGrow(framing.length) : with.TryGrowUpload(framing.length);
    };
    if (!permit || (framing.length > 0 && !pay(*permit))) {
        const bool by_route = permit && permit->refused_by_route();
        RefuseRequest(Overloaded(by_route ? Counter::kOverloadedRoute : Counter::kOverloadedBudget),
                      framing);
        return 0;
    }
    Request request = BuildRequest({.head = context_.head,
                                    .framing = framing,
                                    .entry = entry,
                                    .parameters = context_.parameters,
                                    .terms = terms,
                                    .path = context_.path,
                                    .query = query,
                                    .client = client_,
                                    .is_tls = socket_.is_tls()});
    request.received = context_.now;
    timeout_ = terms.timeout;
    return StartBody(framing, std::move(request), std::move(*permit), behind);
}

std::size_t Session::StartBody(const Framing& framing, Request request, Permit permit,
                               std::string_view behind) {
    if (!framing.chunked && behind.size() >= framing.length) {
        request.body.assign(behind.substr(0, framing.length));
        Submit(std::move(request), std::move(permit));
        return framing.length;
    }
    if (framing.expects_continue && behind.empty()) {
        const IoResult sent = socket_.Write(kContinue);
        if (sent.status != IoResult::Status::kOk || sent.bytes != kContinue.size()) {
            ClientGone();
            return 0;
        }
        context_.counters.Add(Counter::kBytesSent, sent.bytes);
    }
    upload_ = std::make_unique<Upload>(std::move(request), std::move(permit));
    state_ = State::kBody;
    const ServerOptions& options = context_.options;
    context_.wheel.Set(*this,
                       context_.now + (options.body_min_rate > 0
                                           ? std::min(options.body_rate_grace, options.body_timeout)
                                           : options.body_timeout));
    if (framing.chunked) {
        upload_->chunks = std::make_unique<ChunkedBody>();
        upload_->bytes = behind.size();
        return 0;
    }
    std::string& body = upload_->request.body;
    body.reserve(framing.length);
    body.assign(behind);
    body.resize(framing.length);
    upload_->received = upload_->bytes = behind.size();
    return behind.size();
}

void Session::FinishUpload() {
    const std::unique_ptr<Upload> upload = std::move(upload_);
    std::string& body = upload->request.body;
    if (body.capacity() > body.size() + kSlack) body.shrink_to_fit();
    upload->permit.FinishUpload();
    Submit(std::move(upload->request), std::move(upload->permit));
}

/// False: the request was refused, and is answered.
bool Session::AddOwnPart(Request& request, Permit& permit) {
    OwnPart part = MakeOwnPart(request, context_.options.wall_clock(), context_.ids);
    if (part.too_large != nullptr) {
        const std::string detail =
            "The value of '" + part.too_large->name + "' takes more than 1 KiB as JSON.";
        ProblemAnswer answer = AnswerFor(Reject::kAddedValueTooLarge);
        answer.detail = detail;
        AnswerProblem(answer);
        return false;
    }
    if (!permit.TryGrow(part.bytes())) {
        AnswerProblem(Overloaded(permit.refused_by_route() ? Counter::kOverloadedRoute
                                                           : Counter::kOverloadedBudget));
        return false;
    }
    request.attributes = std::move(part.attributes);
    own_members_ = std::move(part.members);
    return true;
}

void Session::Submit(Request request, Permit permit) {
    if (peer_closed_ && context_.options.half_close == HalfClose::kCancel) {
        ClientGone();
        return;
    }
    if (access_ != nullptr) access_->request_bytes = request.body.size();
    if (!request.route->additions.empty() && !AddOwnPart(request, permit)) return;
    request.deadline = context_.now + timeout_;
    deferred_ = DeferredResult::Create(std::move(request), std::move(permit), context_.index, this);
    context_.batch.push_back({BusItem::Kind::kSubmit, deferred_});
    context_.wheel.Clear(*this);
    context_.counters.Add(Counter::kRequestsSuspended);
    state_ = State::kSuspended;
}

}  // namespace holdfast::gateway::http
