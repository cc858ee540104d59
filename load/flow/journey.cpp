#include "load/flow/journey.h"

#include <algorithm>
#include <utility>

#include "load/flow/way.h"

namespace holdfast::load {

Journey::Way::Way(std::shared_ptr<JourneyContext> context)
    : context_(std::move(context)),
      plan_(context_->plan()),
      variables_(plan_.slots),
      rows_(plan_.feeders.size()),
      mark_ordinals_(plan_.steps.size()) {
    values_.identity = &context_->identity();
    values_.run_hash = context_->run_hash;
    values_.counter = &context_->counter;
    values_.feeders = context_->feeders;
    values_.random = &random_;
    values_.variables = variables_;
    values_.rows = rows_;
}

void Journey::Way::Begin(std::uint64_t number) {
    // A journey's choices are the same whichever process goes it, and whatever else is under way.
    random_ = Random(context_->identity().seed, number);
    values_.journey = number;
    values_.mark = {};
    requests_ = 0;
    repeats_left_ = 0;
    exhausted_ = false;
    const Scenario& scenario = plan_.scenarios[plan_.by_weight.Pick(random_.Unit()).target];
    next_op_ = scenario.begin;
    for (const std::uint32_t feeder : scenario.feeders) {
        const auto row = context_->feeders[feeder].Next();
        if (!row) {
            exhausted_ = true;
            return;
        }
        rows_[feeder] = *row;
    }
    for (std::string& variable : variables_) variable.clear();
    for (const Plan::Variable& variable : plan_.variables) {
        Fill(variable.value, values_, variables_[variable.slot]);
    }
}

Duration Journey::Way::Length(const PauseRule& rule) {
    switch (rule.kind) {
        case PauseRule::Kind::kFixed:
            return rule.low;
        case PauseRule::Kind::kUniform:
            return Duration(random_.Between(rule.low.count(), rule.high.count()));
        case PauseRule::Kind::kExponential:
            break;
    }
    // Cut off where a few in a million are: a user who never comes back is no load.
    const double factor = std::min(random_.Exponential(), 12.0);
    return Duration(static_cast<Duration::rep>(static_cast<double>(rule.low.count()) * factor));
}

Journey::Next Journey::Way::Advance(OutgoingRequest& out, Duration& pause) {
    pause = {};
    if (exhausted_) return Next::kExhausted;
    if (repeats_left_ > 0) {
        --repeats_left_;
        pause = Length(step().think);
        Write(out);
        return Next::kRequest;
    }
    while (true) {
        const Op& op = plan_.ops[next_op_];
        switch (op.kind) {
            case Op::Kind::kEnd:
                return Next::kEnd;
            case Op::Kind::kJump:
                next_op_ = op.index;
                continue;
            case Op::Kind::kBranch:
                next_op_ = plan_.branches[op.index].Pick(random_.Unit()).target;
                continue;
            case Op::Kind::kPause:
                pause += Length(plan_.pauses[op.index]);
                break;
            case Op::Kind::kRequest:
                step_ = op.index;
                repeats_left_ = step().repeat - 1;
                pause += Length(step().think);
                // The load says when a journey begins, not its user.
                if (requests_ == 0) pause = {};
                ++next_op_;
                Write(out);
                return Next::kRequest;
        }
        ++next_op_;
    }
}

void Journey::Way::MakeMark(std::uint32_t ordinal, std::string& mark) const {
    mark = context_->mark_prefix();
    AppendNumber(values_.journey, mark);
    if (ordinal == 0) return;
    mark += '-';
    AppendNumber(ordinal, mark);
}

void Journey::Way::Write(OutgoingRequest& out) {
    const RequestStep& request = step();
    out.step = step_;
    out.head = request.method == "HEAD";
    out.timeout = request.timeout;
    out.send_rate = request.send_rate;
    out.receive_rate = request.receive_rate;
    out.abandon_after = request.abandon_after;
    mark_.clear();
    if (request.has_mark) {
        const auto& of = request.mark.of;
        mark_ordinals_[step_] = of ? mark_ordinals_[*of] : requests_;
        MakeMark(mark_ordinals_[step_], mark_);
    }
    ++requests_;
    out.mark = mark_;
    values_.mark = mark_;
    WriteMessage(context_->message(step_), out);
}

void Journey::Way::WriteMessage(const Message& message, OutgoingRequest& out) {
    const RequestStep& request = step();
    out.idempotency_key.clear();
    if (request.idempotency_key) Fill(*request.idempotency_key, values_, out.idempotency_key);
    std::size_t body_at = message.body_at;
    if (!message.whole.empty()) {
        out.bytes = message.whole;
    } else {
        std::string& body = context_->body;
        body.clear();
        if (request.body) Fill(*request.body, values_, body);
        out.bytes.clear();
        Fill(message.head, values_, out.bytes);
        if (request.idempotency_key) out.bytes += out.idempotency_key;
        out.bytes += message.after_key;
        if (message.has_length) {
            out.bytes += "Content-Length: ";
            AppendNumber(body.size(), out.bytes);
            out.bytes += "\r\n";
        }
        out.bytes += "\r\n";
        body_at = out.bytes.size();
        out.bytes += body;
    }
    out.body = std::string_view(out.bytes).substr(body_at);
}

void Journey::Way::Fail() {
    if (step().stop_on_error) Stop();
}

void Journey::Way::Stop() {
    repeats_left_ = 0;
    next_op_ = static_cast<std::uint32_t>(plan_.ops.size() - 1);  // A program ends with kEnd.
}

Journey::Journey(std::shared_ptr<JourneyContext> context)
    : way_(std::make_unique<Way>(std::move(context))) {}
Journey::~Journey() = default;
Journey::Journey(Journey&&) noexcept = default;
Journey& Journey::operator=(Journey&&) noexcept = default;

void Journey::Begin(std::uint64_t number) {
    way_->Begin(number);
}

Journey::Next Journey::Advance(OutgoingRequest& out, Duration& pause) {
    return way_->Advance(out, pause);
}

Judgement Journey::Judge(const IncomingResponse& response) {
    return way_->Judge(response);
}

void Journey::Fail(ErrorKind /*kind*/) {
    way_->Fail();
}

}  // namespace holdfast::load
