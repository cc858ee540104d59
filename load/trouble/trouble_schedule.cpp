#include "load/trouble/trouble_schedule.h"

#include <algorithm>
#include <utility>

namespace holdfast::load {

TroubleSchedule::TroubleSchedule(std::vector<TroubleEvent> events, std::string ops_url)
    : events_(std::move(events)), maker_(events_, std::move(ops_url)) {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
}

void TroubleSchedule::Start(TimePoint run_start, std::function<void(const Mark&)> on_mark) {
    run_start_ = run_start;
    on_mark_ = std::move(on_mark);
    if (!events_.empty()) thread_ = std::thread([this] { Work(); });
}

std::vector<Mark> TroubleSchedule::Finish() {
    {
        const std::lock_guard lock(mutex_);
        finish_ = true;
    }
    finished_.notify_all();
    if (thread_.joinable()) thread_.join();
    for (std::string& line : maker_.ContinueAll()) {
        const bool failed = line.starts_with("could not");
        Add(Clock::now(), std::move(line), failed);
    }
    return std::exchange(marks_, {});
}

void TroubleSchedule::Work() {
    for (const TroubleEvent& event : events_) {
        {
            std::unique_lock lock(mutex_);
            if (finished_.wait_until(lock, run_start_ + event.at, [this] { return finish_; })) {
                return;
            }
        }
        const TimePoint begun = Clock::now();
        try {
            maker_.Make(event);
            Add(begun, LabelOf(event), false);
        } catch (const TroubleError& error) {
            Add(begun, LabelOf(event) + ": " + error.what(), true);
        }
    }
}

void TroubleSchedule::Add(TimePoint when, std::string label, bool failed) {
    const std::chrono::duration<double> since = when - run_start_;
    marks_.push_back({.second = since.count(), .label = std::move(label), .failed = failed});
    if (on_mark_) on_mark_(marks_.back());
}

}  // namespace holdfast::load
