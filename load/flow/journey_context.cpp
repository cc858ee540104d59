#include "load/flow/journey_context.h"

#include <functional>
#include <utility>

#include "load/flow/random.h"

namespace holdfast::load {

std::shared_ptr<JourneyContext> MakeJourneyContext(const Flow& flow, const RunIdentity& identity,
                                                   std::string host, std::string base_path,
                                                   bool keep_alive) {
    return std::make_shared<JourneyContext>(flow.plan, identity, std::move(host), base_path,
                                            keep_alive);
}

JourneyContext::JourneyContext(std::shared_ptr<const Plan> plan, const RunIdentity& identity,
                               std::string host, const std::string& base_path, bool keep_alive)
    : seen(plan->steps.size()),
      plan_(std::move(plan)),
      identity_(identity),
      mark_prefix_("load-" + identity.run + "-") {
    run_hash = Random(std::hash<std::string>{}(identity.run)).Next();
    for (const FeederSpec& spec : plan_->feeders) {
        feeders.emplace_back(spec, ReadFeeder(spec), identity);
    }
    for (const RequestStep& step : plan_->steps) {
        messages_.push_back(Compile(step, host, base_path, keep_alive));
    }
}

Message JourneyContext::Compile(const RequestStep& step, const std::string& host,
                                const std::string& base_path, bool keep_alive) const {
    Message message;
    Template& head = message.head;
    head.Add(step.method + " " + base_path);
    head.Add(step.path);
    head.Add(" HTTP/1.1\r\nHost: " + host + "\r\n");
    if (!keep_alive) head.Add("Connection: close\r\n");
    for (const auto& [name, value] : step.headers) {
        head.Add(name + ": ");
        head.Add(value);
        head.Add("\r\n");
    }
    // RFC 9110, 8.6: a method that anticipates content says so even when there is none.
    message.has_length =
        step.body || step.method == "POST" || step.method == "PUT" || step.method == "PATCH";
    if (step.idempotency_key) {
        head.Add("Idempotency-Key: ");
        message.after_key = "\r\n";
    }
    const auto constant = [](const auto& text) { return !text || text->IsConstant(); };
    if (head.IsConstant() && constant(step.idempotency_key) && constant(step.body)) {
        const std::string_view content = step.body ? step.body->Constant() : std::string_view();
        message.whole = head.Constant();
        if (step.idempotency_key) message.whole += step.idempotency_key->Constant();
        message.whole += message.after_key;
        if (message.has_length) {
            message.whole += "Content-Length: " + std::to_string(content.size()) + "\r\n";
        }
        message.whole += "\r\n";
        message.body_at = message.whole.size();
        message.whole += content;
    }
    return message;
}

}  // namespace holdfast::load
