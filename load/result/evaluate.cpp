#include "load/result/evaluate.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace holdfast::load {
namespace {

double Seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// "p99.9" as 0.999.
std::optional<double> Quantile(std::string_view figure) {
    if (figure.size() < 2 || figure.front() != 'p') return std::nullopt;
    double percent = 0;
    const char* end = figure.data() + figure.size();
    const auto [stopped, error] =
        std::from_chars(figure.data() + 1, end, percent, std::chars_format::fixed);
    if (error != std::errc() || stopped != end) return std::nullopt;
    if (!(percent > 0 && percent < 100)) return std::nullopt;
    return percent / 100;
}

std::optional<double> OfHistogram(std::string_view figure, const Histogram& histogram) {
    if (const auto quantile = Quantile(figure)) return Seconds(histogram.At(*quantile));
    if (figure == "mean") return Seconds(histogram.Mean());
    if (figure == "min") return Seconds(histogram.min());
    if (figure == "max") return Seconds(histogram.max());
    return std::nullopt;
}

struct Count {
    std::string_view name;
    double (*of)(const StepFigures&);
};

constexpr Count kCounts[] = {
    {"sent", [](const StepFigures& step) { return static_cast<double>(step.sent); }},
    {"answered", [](const StepFigures& step) { return static_cast<double>(step.answered); }},
    {"good", [](const StepFigures& step) { return static_cast<double>(step.Good()); }},
    {"errors", [](const StepFigures& step) { return static_cast<double>(step.Errors()); }},
    {"lost", [](const StepFigures& step) { return static_cast<double>(step.Lost()); }},
    {"error_rate", [](const StepFigures& step) { return step.ErrorRate(); }},
    {"rate", [](const StepFigures& step) { return step.AnsweredRate(); }},
    {"sent_rate", [](const StepFigures& step) { return step.SentRate(); }},
    {"good_rate", [](const StepFigures& step) { return step.GoodRate(); }},
    {"blocked_share", [](const StepFigures& step) { return step.BlockedShare(); }},
};

struct Measured {
    double value = 0;
    bool no_data = false;
};

std::optional<Measured> Find(std::string_view figure, const Figures& figures,
                             const StepFigures& step) {
    if (figure == "cpu") return Measured{figures.cpu_cores};
    const auto dot = figure.find('.');
    const Histogram* histogram = &step.latency;
    std::string_view rest = figure;
    for (const auto& [prefix, its] : {std::pair{"good", &step.good_latency},
                                      {"service", &step.service_time},
                                      {"blocked", &step.blocked},
                                      {"slip", &figures.slip}}) {
        if (dot != std::string_view::npos && figure.substr(0, dot) == prefix) {
            histogram = its;
            rest = figure.substr(dot + 1);
        }
    }
    if (const auto value = OfHistogram(rest, *histogram)) {
        return Measured{*value, histogram->count() == 0};
    }
    for (const Count& count : kCounts) {
        if (figure == count.name) {
            const bool is_share = figure == "error_rate" || figure == "blocked_share";
            return Measured{count.of(step), is_share && step.Ended() == 0};
        }
    }
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) {
        if (figure == kErrorKindNames[kind]) {
            return Measured{static_cast<double>(step.errors[kind])};
        }
    }
    return std::nullopt;
}

bool Holds(double measured, Threshold::Compare compare, double bound) {
    switch (compare) {
        case Threshold::Compare::kLess:
            return measured < bound;
        case Threshold::Compare::kLessEqual:
            return measured <= bound;
        case Threshold::Compare::kEqual:
            return measured == bound;
        case Threshold::Compare::kGreaterEqual:
            return measured >= bound;
        case Threshold::Compare::kGreater:
            return measured > bound;
    }
    return false;
}

const StepFigures& StepOf(const Threshold& threshold, const Figures& figures) {
    if (threshold.step.empty()) return figures.all;
    for (const StepFigures& step : figures.steps) {
        if (step.name == threshold.step) return step;
    }
    std::string known;
    for (const StepFigures& step : figures.steps) {
        known += (known.empty() ? "" : ", ") + step.name;
    }
    throw std::invalid_argument("threshold " + threshold.text + ": the flow has no step \"" +
                                threshold.step + "\" (it has: " + known + ")");
}

std::string Text(const char* format, double first, double second) {
    char text[400];
    std::snprintf(text, sizeof text, format, first, second);
    return text;
}

}  // namespace

bool IsFigure(std::string_view figure) {
    return Find(figure, Figures(), StepFigures()).has_value();
}

std::string_view FigureNames() {
    return "p50 ... p99.99, mean, min, max (also as good.p99, service.p99, blocked.p99, slip.p99), "
           "sent, answered, good, errors, error_rate, lost, rate, sent_rate, good_rate, "
           "blocked_share, cpu, connect, timeout, disconnected, malformed, crossed, duplicate, "
           "totals, status, check, unsent";
}

ThresholdResult Evaluate(const Threshold& threshold, const Figures& figures) {
    const auto found = Find(threshold.figure, figures, StepOf(threshold, figures));
    if (!found) {
        throw std::invalid_argument("threshold " + threshold.text + ": no figure is called \"" +
                                    threshold.figure + "\"; there are " +
                                    std::string(FigureNames()));
    }
    ThresholdResult result;
    result.threshold = threshold;
    result.measured = found->value;
    result.no_data = found->no_data;
    result.passed = !found->no_data && Holds(found->value, threshold.compare, threshold.bound);
    return result;
}

Assessment Assess(const Figures& figures) {
    constexpr double kBusy = 0.9;
    constexpr double kLate = 0.001;
    if (figures.cpu_cores >= kBusy) {
        return {true, Text("the generator itself was the bottleneck: each of its processes kept "
                           "%.0f %% of a core busy (from %.0f %% on it cannot keep up). Use more "
                           "--processes, or another machine for the generator",
                           figures.cpu_cores * 100, kBusy * 100)};
    }
    const double slip = Seconds(figures.slip.At(0.99));
    const double latency = Seconds(figures.all.latency.At(0.99));
    if (slip > kLate && slip > latency / 10) {
        return {true, Text("the generator itself was the bottleneck: it sent 1 %% of the requests "
                           "more than %.1f ms after their time, which is a large part of the "
                           "latency's p99 of %.1f ms. Give it a core of its own",
                           slip * 1e3, latency * 1e3)};
    }
    return {};
}

void Conclude(Result& result, const std::vector<Threshold>& thresholds) {
    const Figures figures = Measure(result);
    result.thresholds.clear();
    for (const Threshold& threshold : thresholds) {
        result.thresholds.push_back(Evaluate(threshold, figures));
    }
    const Assessment assessment = Assess(figures);
    result.generator_was_bottleneck = assessment.bottleneck;
    if (assessment.bottleneck) result.warnings.push_back(assessment.sentence);
}

}  // namespace holdfast::load
