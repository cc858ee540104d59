#include "tests/support/chaos/lossy_cable.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;

constexpr const char* kDevice = "/dev/net/tun";
constexpr std::size_t kMostFrames = 4096;
constexpr std::size_t kLargestFrame = 2048;  // without offloads none is larger than its MTU

/// An interface that vanishes when the descriptor is closed.
int OpenTap(const std::string& name) {
    const int tap = open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) {
        const int error = errno;
        if (tap >= 0) close(tap);
        throw std::system_error(error, std::generic_category(), std::string(kDevice) + " " + name);
    }
    return tap;
}

}  // namespace

std::string LossyCable::WhyNot() {
    try {
        close(OpenTap("hf" + std::to_string(getpid()) + "t"));
    } catch (const std::system_error& error) {
        return std::string("there are no TAP interfaces: ") + error.what();
    }
    return {};
}

LossyCable::LossyCable(const std::string& one_end, const std::string& other_end, std::uint64_t seed)
    : random_(seed) {
    ends_[0] = OpenTap(one_end);
    try {
        ends_[1] = OpenTap(other_end);
    } catch (...) {
        close(ends_[0]);
        throw;
    }
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread([this] { Run(); });
}

LossyCable::~LossyCable() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    eventfd_write(wake_, 1);
    thread_.join();
    for (const int descriptor : {ends_[0], ends_[1], wake_}) close(descriptor);
}

void LossyCable::Behave(const CableTrouble& trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
}

CableCounts LossyCable::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void LossyCable::Run() {
    for (;;) {
        std::array<pollfd, 3> waits{
            {{ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}, {wake_, POLLIN, 0}}};
        poll(waits.data(), waits.size(), PatienceMs());
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        for (const std::size_t end : {0U, 1U}) {
            if (waits[end].revents != 0) Take(end);
        }
        GiveWhatIsDue();
    }
}

int LossyCable::PatienceMs() const {
    if (on_the_way_.empty()) return -1;
    const auto left = std::chrono::ceil<milliseconds>(on_the_way_.begin()->first - Clock::now());
    return static_cast<int>(std::max(left, milliseconds(0)).count());
}

void LossyCable::Take(std::size_t from) {
    std::array<char, kLargestFrame> frame;
    for (;;) {
        const ssize_t size = read(ends_[from], frame.data(), frame.size());
        if (size <= 0) return;
        const std::uint64_t number = ++entered_[from];
        const bool lost = std::uniform_real_distribution<>(0, 1)(random_) < trouble_.loss;
        if (lost || on_the_way_.size() >= kMostFrames) {
            ++counts_.lost;
            continue;
        }
        const auto most = trouble_.jitter.count();
        const milliseconds jitter(std::uniform_int_distribution<long>(-most, most)(random_));
        on_the_way_.emplace(
            Clock::now() + std::max(trouble_.delay + jitter, milliseconds(0)),
            Frame{1 - from, number, std::vector<char>(frame.data(), frame.data() + size)});
    }
}

void LossyCable::GiveWhatIsDue() {
    const auto now = Clock::now();
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= now) {
        const Frame frame = std::move(on_the_way_.extract(on_the_way_.begin()).mapped());
        // An end that is down takes nothing, as with any other cable.
        if (write(ends_[frame.to], frame.bytes.data(), frame.bytes.size()) < 0) {
            ++counts_.lost;
            continue;
        }
        ++counts_.carried;
        std::uint64_t& newest = newest_given_[frame.to];
        if (frame.number < newest) ++counts_.overtaken;
        newest = std::max(newest, frame.number);
    }
}

}  // namespace holdfast::testing
