#include "gateway/core/inquiry_table.h"

#include <algorithm>
#include <utility>

namespace holdfast::gateway {

using Kind = Inquiry::Kind;
using State = Inquiry::State;

void InquiryTable::Begin(Inquiry inquiry, const std::vector<Worker*>& workers, TimePoint until) {
    Open open{std::move(inquiry), {}, until, workers.size()};
    const bool pings = open.inquiry.kind == Kind::kPing;
    if (!pings) ++last_describe_;
    for (Worker* worker : workers) {
        open.inquiry.answers.push_back({.instance = worker->hello.instance,
                                        .host = worker->hello.host,
                                        .pid = worker->hello.pid});
        open.awaited.push_back({worker->session, pings ? worker->pings + 1 : last_describe_});
        if (pings) {
            worker->ping_due = true;
        } else {
            worker->describe_due = last_describe_;
        }
    }
    open_.push_back(std::move(open));
}

/// Those of its answers that are still waited for.
template <typename Visitor>
void InquiryTable::ForEachWaiting(const Worker& worker, Visitor&& visit) {
    for (Open& open : open_) {
        for (std::size_t i = 0; i < open.awaited.size(); ++i) {
            if (open.awaited[i].session != worker.session) continue;
            if (open.inquiry.answers[i].state == State::kWaiting) {
                visit(open, open.awaited[i], open.inquiry.answers[i]);
            }
        }
    }
}

void InquiryTable::OnSent(const Worker& worker, TimePoint now) {
    if (open_.empty()) return;
    ForEachWaiting(worker, [&](Open& open, Awaited& awaited, Inquiry::Answer&) {
        const std::uint64_t sent =
            open.inquiry.kind == Kind::kPing ? worker.pings : worker.describes;
        if (awaited.sent == TimePoint{} && sent >= awaited.number) awaited.sent = now;
    });
}

void InquiryTable::OnPong(const Worker& worker, std::uint64_t sequence, TimePoint now) {
    if (open_.empty() || sequence > worker.pings) return;
    ForEachWaiting(worker, [&](Open& open, Awaited& awaited, Inquiry::Answer& answer) {
        if (open.inquiry.kind != Kind::kPing || sequence < awaited.number) return;
        answer.state = State::kAnswered;
        answer.round_trip = now - awaited.sent;
        --open.waiting;
    });
}

bool InquiryTable::OnDescription(const Worker& worker, DescriptionItem description, TimePoint now) {
    if (description.number > worker.describes) return false;
    bool wanted = false;
    ForEachWaiting(worker, [&](Open& open, Awaited& awaited, Inquiry::Answer& answer) {
        if (open.inquiry.kind != Kind::kDescribe || description.number < awaited.number) return;
        answer.state = State::kAnswered;
        answer.round_trip = now - awaited.sent;
        answer.description = description;
        --open.waiting;
        wanted = true;
    });
    return wanted;
}

void InquiryTable::OnWorkerGone(const Worker& worker) {
    ForEachWaiting(worker, [](Open& open, Awaited&, Inquiry::Answer& answer) {
        answer.state = State::kLost;
        --open.waiting;
    });
}

std::vector<Inquiry> InquiryTable::TakeFinished(TimePoint now) {
    std::vector<Inquiry> finished;
    for (Open& open : open_) {
        if (open.waiting != 0 && now < open.until) continue;
        for (Inquiry::Answer& answer : open.inquiry.answers) {
            if (answer.state == State::kWaiting) answer.state = State::kNoAnswer;
        }
        open.waiting = 0;
        finished.push_back(std::move(open.inquiry));
        open.until = TimePoint::min();
    }
    std::erase_if(open_, [](const Open& open) { return open.until == TimePoint::min(); });
    return finished;
}

TimePoint InquiryTable::NextDue() const {
    TimePoint due = TimePoint::max();
    for (const Open& open : open_) due = std::min(due, open.until);
    return due;
}

}  // namespace holdfast::gateway
