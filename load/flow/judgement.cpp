#include "load/flow/check.h"
#include "load/flow/way.h"

namespace holdfast::load {

Judgement Journey::Way::Judge(const IncomingResponse& response) {
    context_->answer.Reset(response);
    detail_.clear();
    const ErrorKind error = Look();
    if (error != ErrorKind::kNone && step().stop_on_error) Stop();
    return {error, detail_};
}

ErrorKind Journey::Way::Look() {
    const std::uint16_t status = context_->answer.status();
    // What was asked for is there only in an answer that says so.
    const bool success = status >= 200 && status <= 299;
    if (step().mark.at && IsCrossed()) return ErrorKind::kCrossed;
    if (step().unique && success && IsDuplicate()) return ErrorKind::kDuplicate;
    if (step().order_totals && success) {
        if (auto wrong = context_->answer.WrongTotals()) {
            detail_ = std::move(*wrong);
            return ErrorKind::kTotals;
        }
    }
    if (!step().statuses.Contain(status)) {
        DescribeStatus();
        return ErrorKind::kStatus;
    }
    if (FailsCheck(success) || LacksExtract()) return ErrorKind::kCheck;
    return ErrorKind::kNone;
}

bool Journey::Way::IsCrossed() {
    const auto found = context_->answer.At(*step().mark.at);
    if (!found || found->type != Answer::Type::kString || found->text == mark_) return false;
    detail_ = "the mark is " + Quoted(found->text) + ", expected " + Quoted(mark_);
    return true;
}

bool Journey::Way::IsDuplicate() {
    const auto found = context_->answer.At(*step().unique);
    if (!found || context_->seen[step_].Add(found->text)) return false;
    detail_ = step().unique->Text() + " is " + Quoted(found->text) + ", which came before";
    return true;
}

bool Journey::Way::FailsCheck(bool must_have_mark) {
    Answer& answer = context_->answer;
    const auto lacks = [&](const std::optional<Selector>& where) {
        if (!must_have_mark || !where || answer.At(*where)) return false;
        detail_ = "there is no " + where->Text();
        return true;
    };
    if (lacks(step().mark.at) || lacks(step().unique)) return true;
    for (const Check& check : step().checks) {
        context_->expected.clear();
        Fill(check.expected, values_, context_->expected);
        detail_ = Failure(check, context_->expected, answer);
        if (!detail_.empty()) return true;
    }
    return false;
}

bool Journey::Way::LacksExtract() {
    for (const RequestStep::Extract& extract : step().extracts) {
        const auto found = context_->answer.At(extract.from);
        if (!found) {
            detail_ = "nothing to extract: there is no " + extract.from.Text();
            return true;
        }
        variables_[extract.slot] = found->text;
    }
    return false;
}

void Journey::Way::DescribeStatus() {
    detail_ = "status " + std::to_string(context_->answer.status());
    // RFC 9457: the type says what went wrong.
    static const Selector problem_type{false, "/type"};
    if (const auto type = context_->answer.At(problem_type)) {
        detail_ += " (" + std::string(type->text) + ")";
    }
    detail_ += ", expected " + step().statuses.Text();
}

}  // namespace holdfast::load
