#include "load/report/noise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "load/report/format.h"
#include "load/result/figures.h"

namespace holdfast::load {
namespace {

constexpr std::size_t kResamples = 1000;
constexpr double kOutside = 0.005;  // on each side of the interval

class Counts {
  public:
    explicit Counts(std::size_t size) : counts_(size) {}

    template <typename Sparse>
    void Add(const Sparse& sparse) {
        for (const auto& [place, count] : sparse) {
            counts_[place] += count;
            total_ += count;
        }
    }

    double Quantile(double quantile, const std::vector<double>& values) const {
        const double rank = std::max(1.0, std::ceil(quantile * static_cast<double>(total_)));
        std::uint64_t seen = 0;
        for (std::size_t place = 0; place < counts_.size(); ++place) {
            seen += counts_[place];
            if (static_cast<double>(seen) >= rank) return values[place];
        }
        return 0;
    }

    double Mean(const std::vector<double>& values) const {
        if (total_ == 0) return 0;
        double sum = 0;
        for (std::size_t place = 0; place < counts_.size(); ++place) {
            sum += values[place] * static_cast<double>(counts_[place]);
        }
        return sum / static_cast<double>(total_);
    }

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
};

/// The middle 99 % of what was drawn.
std::pair<double, double> Interval99(std::vector<double> drawn) {
    std::sort(drawn.begin(), drawn.end());
    const auto outside = static_cast<std::size_t>(kResamples * kOutside);
    return {drawn[outside], drawn[kResamples - 1 - outside]};
}

Difference::Verdict Judge(const Difference& difference, std::pair<double, double> interval,
                          ComparedFigure::Unit unit) {
    const double change = difference.after - difference.before;
    if (change == 0) return Difference::Verdict::kSame;
    const double larger = std::max(std::abs(difference.before), std::abs(difference.after));
    const double resolution = unit == ComparedFigure::Unit::kDuration ? larger / 64 : 0;
    const bool holds_zero = interval.first <= 0 && interval.second >= 0;
    if (holds_zero || std::abs(change) <= resolution) return Difference::Verdict::kNoise;
    return change < 0 ? Difference::Verdict::kLess : Difference::Verdict::kMore;
}

}  // namespace

Blocks::Blocks(const Result& result, std::optional<std::size_t> step) {
    Span span = MeasuredSpan(result);
    // Only whole seconds of load: what comes in the drain has no seconds of its own.
    const double load = Seconds(result.load.Length());
    if (load > 0) {
        span.upto = std::min(span.upto, static_cast<std::uint32_t>(std::floor(load)));
    }
    if (result.intervals.empty() || span.upto <= span.from) return;
    const std::uint32_t seconds = span.upto - span.from;
    const std::uint32_t width = (seconds - 1) / std::uint32_t{kMost} + 1;
    block_seconds_ = width;

    std::vector<StepFigures> figures;
    std::map<Duration, std::uint32_t> places;
    for (std::uint32_t from = span.from; span.upto - from >= width; from += width) {
        Figures measured = Measure(result, Span{from, from + width});
        figures.push_back(step ? measured.steps.at(*step) : measured.all);
        for (const Histogram* histogram : {&figures.back().latency, &figures.back().service_time}) {
            for (const auto& bucket : histogram->Buckets()) places[bucket.upto] = 0;
        }
    }
    for (auto& [upto, place] : places) {
        place = static_cast<std::uint32_t>(values_.size());
        values_.push_back(Seconds(upto));
    }
    const auto sparse = [&places](const Histogram& histogram) {
        Sparse made;
        for (const auto& [upto, count] : histogram.Buckets()) {
            made.emplace_back(places[upto], static_cast<std::uint32_t>(count));
        }
        return made;
    };
    for (const StepFigures& each : figures) {
        blocks_.push_back({sparse(each.latency), sparse(each.service_time), each.answered,
                           each.Ended(), each.Errors()});
    }
}

FigureValues Blocks::Of(const std::vector<const Block*>& chosen) const {
    Counts latency(values_.size());
    Counts service_time(values_.size());
    std::uint64_t answered = 0;
    std::uint64_t ended = 0;
    std::uint64_t errors = 0;
    for (const Block* block : chosen) {
        latency.Add(block->latency);
        service_time.Add(block->service_time);
        answered += block->answered;
        ended += block->ended;
        errors += block->errors;
    }
    const double seconds =
        block_seconds_ * static_cast<double>(std::max<std::size_t>(1, chosen.size()));
    return {latency.Quantile(0.5, values_),
            latency.Quantile(0.9, values_),
            latency.Quantile(0.99, values_),
            latency.Quantile(0.999, values_),
            latency.Mean(values_),
            service_time.Quantile(0.5, values_),
            service_time.Quantile(0.99, values_),
            static_cast<double>(answered) / seconds,
            ended == 0 ? 0 : static_cast<double>(errors) / static_cast<double>(ended)};
}

FigureValues Blocks::Measured() const {
    std::vector<const Block*> all;
    for (const Block& block : blocks_) all.push_back(&block);
    return Of(all);
}

FigureValues Blocks::Resampled(std::mt19937_64& random) const {
    std::vector<const Block*> chosen(blocks_.size());
    for (const Block*& block : chosen) block = &blocks_[random() % blocks_.size()];
    return Of(chosen);
}

std::array<Difference, kComparedCount> Differences(const Blocks& before, const Blocks& after) {
    std::array<Difference, kComparedCount> differences{};
    const FigureValues first = before.Measured();
    const FigureValues second = after.Measured();
    std::array<std::vector<double>, kComparedCount> changes;
    std::array<std::vector<double>, kComparedCount> ratios;
    const bool enough = before.Enough() && after.Enough();
    std::mt19937_64 random(1);
    for (std::size_t n = 0; enough && n < kResamples; ++n) {
        const FigureValues one = before.Resampled(random);
        const FigureValues other = after.Resampled(random);
        for (std::size_t each = 0; each < kComparedCount; ++each) {
            changes[each].push_back(other[each] - one[each]);
            if (one[each] > 0) ratios[each].push_back(other[each] / one[each]);
        }
    }
    for (std::size_t each = 0; each < kComparedCount; ++each) {
        Difference& difference = differences[each];
        difference.before = first[each];
        difference.after = second[each];
        if (!enough) {
            difference.verdict = Difference::Verdict::kTooShort;
            continue;
        }
        if (ratios[each].size() == kResamples) {
            std::tie(difference.lowest, difference.highest) = Interval99(ratios[each]);
        }
        difference.verdict =
            Judge(difference, Interval99(changes[each]), kComparedFigures[each].unit);
    }
    return differences;
}

}  // namespace holdfast::load
