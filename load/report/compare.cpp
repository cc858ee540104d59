#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "load/report/describe.h"
#include "load/report/format.h"
#include "load/report/noise.h"
#include "load/report/report.h"
#include "load/report/text_table.h"

namespace holdfast::load {
namespace {

std::string Text(double value, ComparedFigure::Unit unit) {
    switch (unit) {
        case ComparedFigure::Unit::kDuration:
            return FormatDuration(Duration(std::llround(value * 1e9)));
        case ComparedFigure::Unit::kRate:
            return FormatRate(value);
        case ComparedFigure::Unit::kShare:
            return FormatShare(value);
    }
    return {};
}

std::string Ratio(double before, double after) {
    if (before <= 0) return "–";
    char text[64];
    std::snprintf(text, sizeof text, "%.3g", after / before);
    return text;
}

std::string Interval99(const Difference& difference) {
    if (difference.highest <= 0) return "–";
    char text[96];
    std::snprintf(text, sizeof text, "%.3g to %.3g", difference.lowest, difference.highest);
    return text;
}

std::string Verdict(const Difference& difference, bool less_is_better, const Palette& palette) {
    const auto coloured = [&palette](bool good, const char* text) {
        return std::string(good ? palette.Good() : palette.Bad()) + text +
               std::string(palette.Plain());
    };
    switch (difference.verdict) {
        case Difference::Verdict::kSame:
            return "the same";
        case Difference::Verdict::kNoise:
            return "within noise";
        case Difference::Verdict::kLess:
            return coloured(less_is_better, less_is_better ? "better" : "worse");
        case Difference::Verdict::kMore:
            return coloured(!less_is_better, less_is_better ? "worse" : "better");
        case Difference::Verdict::kTooShort:
            return "too short to tell";
    }
    return {};
}

void PrintDifferences(const Blocks& before, const Blocks& after, std::ostream& out,
                      const Palette& palette) {
    TextTable table;
    table.Row({"figure", "A", "B", "B/A", "99 % interval", ""});
    const auto differences = Differences(before, after);
    for (std::size_t n = 0; n < kComparedCount; ++n) {
        const ComparedFigure& figure = kComparedFigures[n];
        const Difference& difference = differences[n];
        table.Row({std::string(figure.name), Text(difference.before, figure.unit),
                   Text(difference.after, figure.unit), Ratio(difference.before, difference.after),
                   Interval99(difference), Verdict(difference, figure.less_is_better, palette)});
    }
    table.Print(out);
}

void Warn(std::ostream& out, const Palette& palette, const std::string& text) {
    out << palette.Warn() << "warning: " << palette.Plain() << Printable(text) << '\n';
}

/// What makes a comparison one of other things than the two builds.
void WarnOfOtherDifferences(const Result& before, const Result& after, std::ostream& out,
                            const Palette& palette) {
    const auto differ = [&](const char* what, const std::string& first, const std::string& second) {
        if (first == second) return;
        Warn(out, palette, std::string(what) + " differ: " + first + " | " + second);
    };
    differ("the flows", before.flow, after.flow);
    differ("the machines", before.machine, after.machine);
    differ("the loads", DescribeRun(before), DescribeRun(after));
    for (const auto& [name, result] : {std::pair("A", &before), std::pair("B", &after)}) {
        const std::string run = name;
        if (result->generator_was_bottleneck) {
            Warn(out, palette, "in " + run + " the generator itself was the bottleneck");
        }
        if (result->interrupted) Warn(out, palette, run + " was interrupted");
        if (result->load.mode == LoadMode::kClosed) {
            Warn(out, palette, run + " is a " + std::string(kClosedLoopLabel));
        }
        if (result->load.mode == LoadMode::kFindLimit) {
            Warn(out, palette, run + " is a search: its figures are over all its rates");
        }
        if (!result->marks.empty()) {
            Warn(out, palette, run + " had trouble made on purpose, which the figures contain");
        }
    }
}

std::string Head(const Result& result) {
    return Printable(result.flow) + ", run " + Printable(result.run) + ", " +
           FormatTime(result.started).substr(0, 19) + "Z, holdfast-load " +
           Printable(result.version) + ", " + Printable(result.target);
}

}  // namespace

void Compare(const Result& before, const Result& after, std::ostream& out, bool colour) {
    const Palette palette(colour);
    out << "A  " << Head(before) << "\nB  " << Head(after) << '\n';
    WarnOfOtherDifferences(before, after, out, palette);
    out << '\n' << palette.Bold() << "all steps" << palette.Plain() << '\n';
    PrintDifferences(Blocks(before, std::nullopt), Blocks(after, std::nullopt), out, palette);
    if (before.steps.size() > 1 || after.steps.size() > 1) {
        for (std::size_t step = 0; step < before.steps.size(); ++step) {
            const auto other =
                std::find(after.steps.begin(), after.steps.end(), before.steps[step]);
            if (other == after.steps.end()) continue;
            const auto number = static_cast<std::size_t>(other - after.steps.begin());
            out << '\n'
                << palette.Bold() << Printable(before.steps[step]) << palette.Plain() << '\n';
            PrintDifferences(Blocks(before, step), Blocks(after, number), out, palette);
        }
    }
    if (before.limit || after.limit) {
        const auto text = [](const std::optional<double>& limit) {
            return limit ? FormatRate(*limit) : std::string("none");
        };
        out << "\nlimit, journeys/s: A " << text(before.limit) << ", B " << text(after.limit);
        if (before.limit && after.limit) {
            out << ", B/A " << Ratio(*before.limit, *after.limit) << " (each within "
                << FormatShare(
                       std::max(before.load.find_limit.precision, after.load.find_limit.precision))
                << ')';
        }
        out << '\n';
    }
    out << "\nWithin noise: the two runs' own seconds vary as much. Runs of another day or machine "
           "vary more.\n";
}

}  // namespace holdfast::load
