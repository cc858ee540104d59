#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/bus/bus.h"
#include "gateway/core/clock.h"

namespace holdfast::gateway {

/// Lines that strangers can cause as often as they like, so many in a while for each topic; the
/// rest is counted and told in one line afterwards.
///
/// Thread: the bus thread. Owner: BusThread.
class FoldingLog {
  public:
    enum class Topic : std::uint8_t { kSessions, kRefusals, kMalformed, kConnections, kCount };
    static constexpr Duration kWindow = std::chrono::seconds(5);
    static constexpr std::array<std::size_t, static_cast<std::size_t>(Topic::kCount)>
        kLinesInWindow = {64, 4, 4, 4};

    explicit FoldingLog(BusLog log) : log_(std::move(log)) {}

    void Write(Topic topic, BusLogLevel level, std::string text, TimePoint now);

    /// Tells of what was held back once its window is over. Cheap when there is nothing.
    void Tick(TimePoint now);

  private:
    struct Window {
        TimePoint end{};
        std::size_t lines = 0;
        std::uint64_t held_back = 0;
        BusLogLevel level = BusLogLevel::kInfo;
        std::string last;
    };
    void Close(Window& window);

    BusLog log_;
    std::array<Window, static_cast<std::size_t>(Topic::kCount)> windows_;
    std::size_t holding_ = 0;  ///< windows that have something to tell
};

}  // namespace holdfast::gateway
