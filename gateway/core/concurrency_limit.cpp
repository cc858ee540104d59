#include "gateway/core/concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace holdfast::gateway {
namespace {

/// Of the unloaded time, and beyond it: below that waiting in the worker costs less than what it
/// saves, a thread that has nothing to do.
constexpr double kTolerance = 1.5;
constexpr Duration kSlack = std::chrono::milliseconds(1);
constexpr double kSteepest = 0.5;
/// Where a service begins that has few threads; its limit doubles with each window from there.
constexpr double kFirstLimit = 16;
/// What a probe leaves of the limit.
constexpr double kProbeShare = 0.25;
constexpr int kProbeWindows = 2;

double Seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void ConcurrencyLimit::SetThreads(std::uint64_t threads) {
    if (threads_ == 0 || threads == 0) {
        limit_ = std::max(kFirstLimit, 2 * static_cast<double>(threads));
        starting_ = true;
        probe_windows_left_ = 0;
        probe_interval_ = kFirstProbe;
        next_probe_ = {};
    }
    threads_ = threads;
    limit_ = Within(limit_);
}

double ConcurrencyLimit::Within(double limit) const {
    const double most = options_.most;
    return std::min(most, std::max({limit, static_cast<double>(threads_), 1.0}));
}

std::uint32_t ConcurrencyLimit::limit() const {
    if (!options_.adaptive) return options_.most;
    return static_cast<std::uint32_t>(probe_windows_left_ > 0 ? Within(kProbeShare * limit_)
                                                              : limit_);
}

bool ConcurrencyLimit::Allows(std::uint64_t outstanding) {
    const std::uint64_t most = limit();
    reached_ = reached_ || outstanding + 1 >= most;
    return outstanding < most;
}

bool ConcurrencyLimit::IsUnloaded(std::uint64_t outstanding) const {
    const double few = std::max(kProbeShare * (options_.adaptive ? limit_ : 0), 1.0);
    return outstanding < std::max(threads_, static_cast<std::uint64_t>(few));
}

void ConcurrencyLimit::AddSample(Duration latency, Duration unloaded, TimePoint now) {
    if (!options_.adaptive || unloaded <= Duration::zero() || now - latency < opened_) return;
    const Duration counted = std::max(latency - kSlack, Duration::zero());
    ratios_[count_++ % kKept] = Seconds(counted) / Seconds(unloaded);
    if (count_ >= kEnough && now - opened_ >= kWindow) CloseWindow(now);
}

void ConcurrencyLimit::CloseWindow(TimePoint now) {
    const std::size_t kept = std::min(count_, kKept);
    const auto median = ratios_.begin() + static_cast<std::ptrdiff_t>(kept / 2);
    std::nth_element(ratios_.begin(), median, ratios_.begin() + static_cast<std::ptrdiff_t>(kept));
    if (next_probe_ == TimePoint{}) next_probe_ = now + probe_interval_;
    if (probe_windows_left_ > 0) {
        --probe_windows_left_;
    } else if (reached_ && now >= next_probe_) {
        probe_windows_left_ = kProbeWindows;
        probe_interval_ = std::min(2 * probe_interval_, kProbeInterval);
        next_probe_ = now + probe_interval_;
    } else if (reached_) {
        Follow(*median);
    }
    opened_ = now;
    count_ = 0;
    reached_ = false;
}

void ConcurrencyLimit::Follow(double ratio) {
    const double gradient = std::clamp(kTolerance / std::max(ratio, kSteepest), kSteepest, 1.0);
    starting_ = starting_ && gradient == 1.0;
    const double room = std::max(1.0, std::sqrt(limit_) / 2);
    const double next = starting_ ? 2 * limit_ : limit_ * gradient + room;
    // Down by half of the way at a time: a window of few replies has its noise.
    limit_ = Within(next < limit_ ? (limit_ + next) / 2 : next);
}

}  // namespace holdfast::gateway
