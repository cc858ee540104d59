#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "load/result/interval.h"
#include "load/result/profile.h"

namespace holdfast::load {

struct LiveOptions {
    bool terminal = false;  ///< redraw in place; otherwise one line every `line_every` seconds
    bool colour = false;    ///< see WantsColour
    std::size_t columns = 80;
    std::uint32_t line_every = 5;
    std::uint32_t processes = 1;
};

/// Whether `descriptor` is a terminal that wants colour (NO_COLOR and TERM=dumb say no).
bool WantsColour(int descriptor);
/// For a descriptor such as STDERR_FILENO: whether it is a terminal, and how wide. One that is
/// TERM=dumb gets lines.
LiveOptions OptionsFor(int descriptor);

/// Shows a run while it goes on: progress, rates, percentiles, errors by kind, in flight. Draws
/// each picture over the one before with one write and clears no line before it is written, so that
/// nothing flickers; leaves the cursor below, so that a killed program leaves the terminal as it
/// was. Thread: one at a time.
class LiveView {
  public:
    /// `out` outlives it.
    LiveView(const LoadProfile& load, LiveOptions options, std::ostream& out);

    /// The next second, all processes merged (Timeline::NextWhole).
    void Show(const Interval& interval);
    /// A line that stays: a trouble mark, a probe's result.
    void Say(std::string_view line);

  private:
    std::vector<std::string> Picture() const;
    std::string Line() const;
    std::string Progress(std::size_t columns) const;
    std::string Errors() const;
    void Draw(const std::string& above);

    LoadProfile load_;
    LiveOptions options_;
    std::ostream& out_;
    Interval last_;
    StepInterval now_;                  // the second shown, all steps
    StepInterval sum_;                  // counts of the run so far, without histograms
    std::vector<std::uint64_t> rates_;  // answers a second, the last ones
    std::size_t drawn_ = 0;             // lines of the picture on the screen
    std::uint32_t last_line_ = 0;       // second of the last line, when there is no terminal
    bool any_line_ = false;
};

}  // namespace holdfast::load
