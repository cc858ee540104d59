// Whatever comes over a generator's pipe: an interval that is written back as the same bytes, and
// whose figures can be asked for, or none.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "load/result/interval.h"

namespace {

void Require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using holdfast::load::Interval;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Interval interval;
    if (!Interval::Parse(bytes, interval)) return 0;
    Require(interval.Serialize() == bytes);
    for (const auto& step : interval.steps) {
        const auto& latency = step.latency;
        Require(latency.min() <= latency.At(0.5) && latency.At(0.5) <= latency.At(0.99));
        Require(latency.At(0.99) <= latency.max() && latency.Mean() <= latency.max());
    }
    Interval merged = interval;
    merged.Merge(interval);
    Require(merged.steps.size() == interval.steps.size());
    return 0;
}
