#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gateway/core/clock.h"

namespace holdfast::gateway {

/// What the requests of one route have lately needed, from their send to their reply. Windows of
/// samples stand for it, by their median and their quickest tenth, so that a few odd ones change
/// nothing.
///
/// Thread: the bus thread. Owner: a Lane.
class ServiceTime {
  public:
    /// `unloaded`: it was sent to workers that had room for it, so that it waited for nobody.
    void Add(Duration latency, bool unloaded, TimePoint now);

    /// Without waiting in the worker, smoothed over the windows. Zero as long as nothing is known.
    Duration unloaded() const { return unloaded_.typical; }

    /// Nine of ten of the last window took longer. Zero when that window is too old to say.
    Duration quick(TimePoint now) const {
        return now - all_.closed <= kFresh ? all_.quick : Duration::zero();
    }

    static constexpr Duration kWindow = std::chrono::milliseconds(100);
    static constexpr Duration kFresh = std::chrono::seconds(1);
    static constexpr std::size_t kEnough = 8;  ///< in a window, unless it has become kFresh old

  private:
    struct Window {
        static constexpr std::size_t kKept = 64;  ///< the last so many
        static constexpr double kWeight = 0.2;    ///< of one window's median in `typical`

        void Add(Duration latency, TimePoint now);
        void Close(TimePoint now);

        std::array<std::uint32_t, kKept> samples{};  ///< in µs
        std::size_t count = 0;
        bool provisional = true;  ///< `typical` is of a single sample, or of none
        TimePoint opened{};
        TimePoint closed{};
        Duration typical{};
        Duration quick{};
    };

    Window all_;
    Window unloaded_;
};

}  // namespace holdfast::gateway
