#include "load/engine/schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace holdfast::load {
namespace {

/// Sums of rates like 1000/3 miss whole numbers by rounding; what is nearer than this is whole.
constexpr double kRounding = 1e-6;

double Seconds(Duration length) {
    return std::chrono::duration<double>(length).count();
}

double Arrivals(const Stage& stage) {
    return (stage.from + stage.to) / 2 * Seconds(stage.length);
}

/// The time at which `from * t + slope / 2 * t²` reaches `count`, in the form that neither divides
/// by a slope of 0 nor subtracts what is nearly equal.
double TimeOf(const Stage& stage, double count) {
    if (count <= 0) return 0;
    const double slope = (stage.to - stage.from) / Seconds(stage.length);
    const double square = std::max(stage.from * stage.from + 2 * slope * count, 0.0);
    return 2 * count / (stage.from + std::sqrt(square));
}

}  // namespace

Schedule::Schedule(std::vector<Stage> stages, std::uint32_t process, std::uint32_t processes)
    : stages_(std::move(stages)), process_(process), processes_(processes) {
    std::erase_if(stages_, [](const Stage& stage) { return stage.length <= Duration::zero(); });
    double arrivals = 0;
    for (const Stage& stage : stages_) {
        arrivals += Arrivals(stage);
        length_ += stage.length;
    }
    const double phase = static_cast<double>(process_) / processes_;
    total_ = static_cast<std::uint64_t>(std::max(std::ceil(arrivals - phase - kRounding), 0.0));
    FindNext();
}

std::uint64_t Schedule::number() const {
    return index_ * processes_ + process_;
}

void Schedule::Advance() {
    ++index_;
    FindNext();
}

void Schedule::FindNext() {
    next_.reset();
    if (index_ >= total_) return;
    const double count = static_cast<double>(index_) + static_cast<double>(process_) / processes_;
    while (stage_ + 1 < stages_.size() &&
           count >= before_stage_ + Arrivals(stages_[stage_]) - kRounding) {
        before_stage_ += Arrivals(stages_[stage_]);
        start_of_stage_ += stages_[stage_].length;
        ++stage_;
    }
    const Stage& stage = stages_[stage_];
    const auto within = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(TimeOf(stage, count - before_stage_)));
    next_ = start_of_stage_ + std::clamp(within, Duration::zero(), stage.length);
}

}  // namespace holdfast::load
