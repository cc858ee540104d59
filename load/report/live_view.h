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
    std::uint32_t columns = 80;
    std::uint32_t line_every = 5;
    std::uint32_t processes = 1;
};

/// Whether `descriptor` is a terminal that wants colour (NO_COLOR and TERM=dumb say no).
bool WantsColour(int descriptor);
/// For a descriptor such as STDERR_FILENO: whether it is a terminal, and how wide.
LiveOptions OptionsFor(int descriptor);

/// Shows a run while it goes on: progress, rates, percentiles, errors by kind, in flight. Writes
/// each picture with one write, over the one before, so that nothing flickers. Thread: one at a
/// time.
class LiveView {
  public:
    /// `out` outlives it.
    LiveView(const LoadProfile& load, LiveOptions options, std::ostream& out);
    ~LiveView();
    LiveView(const LiveView&) = delete;
    LiveView& operator=(const LiveView&) = delete;

    /// The next second, all processes merged (Timeline::NextWhole).
    void Show(const Interval& interval);
    /// A line that stays: a trouble mark, a probe's result.
    void Say(std::string_view line);
    /// Leaves the terminal as it was found, the last picture in place. Done by the destructor too.
    void Finish();

  private:
    std::vector<std::string> Picture() const;
    std::string Line() const;
    void Draw();
    void Erase(std::string& bytes);

    LoadProfile load_;
    LiveOptions options_;
    std::ostream& out_;
    Interval last_;
    StepInterval all_;                  // of the second shown, all steps
    StepInterval sum_;                  // of the run so far
    std::vector<std::uint64_t> rates_;  // answers a second, the last ones
    std::size_t drawn_ = 0;             // lines of the picture on the screen
    bool finished_ = false;
};

}  // namespace holdfast::load
