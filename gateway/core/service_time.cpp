#include "gateway/core/service_time.h"

#include <algorithm>
#include <limits>

namespace holdfast::gateway {
namespace {

std::uint32_t Microseconds(Duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    // At least 1: zero means that nothing is known.
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(us, 1, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

void ServiceTime::Add(Duration latency, bool unloaded, TimePoint now) {
    all_.Add(latency, now);
    if (unloaded) unloaded_.Add(latency, now);
}

void ServiceTime::Window::Add(Duration latency, TimePoint now) {
    if (count == 0) opened = now;
    samples[count++ % kKept] = Microseconds(latency);
    // The very first one is better than nothing; the first window replaces it.
    if (provisional && typical == Duration::zero()) typical = latency;
    if ((count >= kEnough && now - opened >= kWindow) || now - opened >= kFresh) Close(now);
}

void ServiceTime::Window::Close(TimePoint now) {
    const std::size_t kept = std::min(count, kKept);
    std::sort(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(kept));
    const Duration median = std::chrono::microseconds(samples[kept / 2]);
    typical = provisional
                  ? median
                  : typical + std::chrono::duration_cast<Duration>((median - typical) * kWeight);
    quick = std::chrono::microseconds(samples[kept / 10]);
    provisional = false;
    closed = now;
    count = 0;
}

}  // namespace holdfast::gateway
