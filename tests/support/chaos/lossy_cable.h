#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::testing {

/// What a cable does to each frame, in either direction. As the delay is drawn anew for each frame,
/// jitter makes frames overtake one another.
struct CableTrouble {
    double loss = 0;  ///< the part that never arrives, 0 to 1
    std::chrono::milliseconds delay{};
    std::chrono::milliseconds jitter{};  ///< delay ± at most this much
};

/// What a cable did so far.
struct CableCounts {
    std::uint64_t carried = 0;
    std::uint64_t lost = 0;
    std::uint64_t overtaken = 0;  ///< carried after one that had been sent later
};

/// A network cable between two TAP interfaces, as what the kernel itself does to lose and delay
/// packets (sch_netem) is not in every kernel. Frames are real ones of the kernels' own TCP, which
/// has to make up for what happens to them. At most 4096 frames are on the way; more are lost.
/// Thread: any; frames are moved by one of its own, which ends with this object, as do both ends.
class LossyCable {
  public:
    /// Why there can be none here; empty when there can.
    static std::string WhyNot();

    /// Names of the interfaces that it makes, in this process's network namespace: at most 15
    /// letters. They may then be moved to others. Throws std::system_error.
    LossyCable(const std::string& one_end, const std::string& other_end, std::uint64_t seed);
    ~LossyCable();
    LossyCable(const LossyCable&) = delete;
    LossyCable& operator=(const LossyCable&) = delete;

    /// From now on, for frames that enter. The default is a cable as any other.
    void Behave(const CableTrouble& trouble = {});
    CableCounts counts() const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Frame {
        std::size_t to = 0;
        std::uint64_t number = 0;  ///< of those that entered in its direction
        std::vector<char> bytes;
    };

    void Run();
    void Take(std::size_t from);
    void GiveWhatIsDue();
    int PatienceMs() const;

    std::array<int, 2> ends_{-1, -1};
    int wake_ = -1;

    mutable std::mutex mutex_;
    CableTrouble trouble_;   ///< guarded by mutex_
    CableCounts counts_;     ///< guarded by mutex_
    bool stopping_ = false;  ///< guarded by mutex_

    // Of the thread.
    std::mt19937_64 random_;
    std::multimap<Clock::time_point, Frame> on_the_way_;
    std::array<std::uint64_t, 2> entered_{};
    std::array<std::uint64_t, 2> newest_given_{};

    std::thread thread_;  ///< last: it uses what is above
};

}  // namespace holdfast::testing
