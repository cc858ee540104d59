#include "load/report/live_view.h"

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "load/report/format.h"
#include "load/report/text_table.h"
#include "load/report/utf8.h"
#include "load/result/error_kind.h"

namespace holdfast::load {
namespace {

constexpr std::size_t kRatesShown = 40;

bool IsDumb() {
    const char* term = std::getenv("TERM");
    return term == nullptr || std::string_view(term) == "dumb";
}

/// At most `columns` of `line`, whose escape sequences (ESC [ ... m) take none.
std::string Cut(const std::string& line, std::size_t columns) {
    std::string cut;
    std::size_t taken = 0;
    bool in_escape = false;
    for (const std::string_view point : Utf8Points(line)) {
        if (point == "\x1b") in_escape = true;
        if (!in_escape && taken++ == columns) return cut + "\x1b[0m";
        cut += point;
        if (point == "m") in_escape = false;
    }
    return cut;
}

std::string Sparkline(const std::vector<std::uint64_t>& values) {
    static constexpr std::string_view kHeights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::uint64_t most = std::max<std::uint64_t>(
        1, values.empty() ? 0 : *std::max_element(values.begin(), values.end()));
    std::string line;
    for (const std::uint64_t value : values) line += kHeights[value * 7 / most];
    return line;
}

std::string Percentiles(const Histogram& latency) {
    if (latency.count() == 0) return "no answer in this second";
    return "p50 " + FormatDuration(latency.At(0.5)) + "  p90 " + FormatDuration(latency.At(0.9)) +
           "  p99 " + FormatDuration(latency.At(0.99)) + "  max " + FormatDuration(latency.max());
}

}  // namespace

bool WantsColour(int descriptor) {
    const char* no_colour = std::getenv("NO_COLOR");
    return isatty(descriptor) == 1 && !IsDumb() && (no_colour == nullptr || *no_colour == '\0');
}

LiveOptions OptionsFor(int descriptor) {
    LiveOptions options;
    options.terminal = isatty(descriptor) == 1 && !IsDumb();
    options.colour = WantsColour(descriptor);
    winsize size{};
    if (options.terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        options.columns = size.ws_col;
    }
    return options;
}

LiveView::LiveView(const LoadProfile& load, LiveOptions options, std::ostream& out)
    : load_(load), options_(options), out_(out) {}

void LiveView::Show(const Interval& interval) {
    last_ = interval;
    now_ = StepInterval();
    for (const StepInterval& step : interval.steps) now_.Merge(step);
    sum_.sent += now_.sent;
    sum_.answered += now_.answered;
    for (std::size_t kind = 0; kind < kErrorKinds; ++kind) sum_.errors[kind] += now_.errors[kind];
    rates_.push_back(now_.answered);
    if (rates_.size() > kRatesShown) rates_.erase(rates_.begin());

    if (options_.terminal) {
        Draw({});
    } else if (!any_line_ || interval.second >= last_line_ + options_.line_every) {
        any_line_ = true;
        last_line_ = interval.second;
        out_ << Line() + "\n" << std::flush;
    }
}

void LiveView::Say(std::string_view line) {
    if (options_.terminal) {
        Draw(Cut(Printable(line), options_.columns) + "\x1b[K\n");
    } else {
        out_ << Printable(line) + "\n" << std::flush;
    }
}

// `above` goes in front of the picture and stays there. Everything leaves in one write.
void LiveView::Draw(const std::string& above) {
    std::string bytes;
    if (drawn_ > 0) bytes += "\x1b[" + std::to_string(drawn_) + "A\r";
    bytes += above;
    drawn_ = 0;
    if (!rates_.empty()) {
        for (const std::string& line : Picture()) {
            bytes += Cut(line, options_.columns) + "\x1b[K\n";
            ++drawn_;
        }
    }
    // What the picture before had further down.
    bytes += "\x1b[J";
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out_.flush();
}

std::vector<std::string> LiveView::Picture() const {
    const Palette palette(options_.colour);
    const auto row = [&palette](std::string_view name, const std::string& text) {
        return std::string(palette.Dim()) + std::string(name) + std::string(palette.Plain()) +
               std::string(12 - name.size(), ' ') + text;
    };
    const std::string errors = Errors();
    const double cpu = Seconds(last_.cpu) / std::max(1U, options_.processes);
    const bool busy = cpu >= 0.9;
    std::vector<std::string> lines = {
        Progress(options_.columns),
        row("rate", std::string(palette.Bold()) + FormatRate(static_cast<double>(now_.answered)) +
                        std::string(palette.Plain()) + " answers/s  " + Sparkline(rates_)),
        row("latency", Percentiles(now_.latency)),
        row("errors", errors.empty()
                          ? std::string(palette.Good()) + "none" + std::string(palette.Plain())
                          : std::string(palette.Bad()) + errors + std::string(palette.Plain())),
        row("in flight", FormatCount(last_.in_flight) + "  waiting " + FormatCount(last_.waiting) +
                             "  connections " + FormatCount(last_.connections)),
        row("generator", "slip p99 " + FormatDuration(last_.slip.At(0.99)) + "  cpu " +
                             (busy ? std::string(palette.Warn()) : std::string()) +
                             FormatShare(cpu) + (busy ? std::string(palette.Plain()) : "")),
    };
    return lines;
}

std::string LiveView::Progress(std::size_t columns) const {
    const double elapsed = last_.second + 1.0;
    const double length = Seconds(load_.Length());
    const bool warming_up = elapsed <= Seconds(load_.warm_up);
    std::string text = FormatDuration(Duration(std::chrono::seconds(last_.second + 1ULL)));
    if (length > 0) {
        text += " of " + FormatDuration(load_.Length());
        if (elapsed > length) text += ", waiting for the last answers";
    }
    if (warming_up) text += ", warm-up";
    if (load_.mode == LoadMode::kClosed) text += ", closed loop";
    if (length <= 0) return text;
    const std::size_t room = columns > Columns(text) + 6 ? columns - Columns(text) - 6 : 0;
    const std::size_t width = std::min<std::size_t>(40, room);
    const std::string bar = Bar(elapsed / length, width);
    return "▕" + bar + std::string(width - std::min(width, Columns(bar)), ' ') + "▏ " + text;
}

std::string LiveView::Errors() const {
    std::string text;
    for (std::size_t kind = 1; kind < kErrorKinds; ++kind) {
        if (sum_.errors[kind] == 0) continue;
        if (!text.empty()) text += "  ";
        text += std::string(kErrorKindNames[kind]) + " " + FormatCount(sum_.errors[kind]);
    }
    return text;
}

std::string LiveView::Line() const {
    const std::string errors = Errors();
    return FormatDuration(Duration(std::chrono::seconds(last_.second + 1ULL))) + "  " +
           FormatRate(static_cast<double>(now_.answered)) + " answers/s  " +
           Percentiles(now_.latency) + "  errors: " + (errors.empty() ? "none" : errors) +
           "  in flight " + FormatCount(last_.in_flight) + "  waiting " +
           FormatCount(last_.waiting);
}

}  // namespace holdfast::load
