#include "gateway/http/uuid7.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace holdfast::gateway::http {
namespace {

constexpr std::uint32_t kHighMask = (1U << 12U) - 1;
constexpr std::uint64_t kLowMask = (std::uint64_t{1} << 62U) - 1;
constexpr char kHex[] = "0123456789abcdef";

std::uint64_t MillisecondsOf(WallTime time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
}

void AppendHex(std::string& to, std::uint64_t value, unsigned digits) {
    while (digits-- > 0) to += kHex[(value >> (digits * 4)) & 0xFU];
}

}  // namespace

std::uint64_t KernelRandom::operator()() {
    if (left_ == 0) {
        // 512 bytes: above 256 a signal may interrupt it, so the result is checked.
        ssize_t got = 0;
        do {
            got = getrandom(words_.data(), sizeof words_, 0);
        } while (got < 0 && errno == EINTR);
        if (got < static_cast<ssize_t>(sizeof(std::uint64_t))) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        left_ = static_cast<std::size_t>(got) / sizeof(std::uint64_t);
    }
    return words_[--left_];
}

std::string Uuid7Generator::Next(WallTime now) {
    const std::uint64_t milliseconds = MillisecondsOf(now);
    if (milliseconds > milliseconds_) {
        milliseconds_ = milliseconds;
        high_ = static_cast<std::uint32_t>(random_()) & kHighMask;
        low_ = random_() & kLowMask;
    } else {
        low_ += (random_() & 0xFFFFFFFFU) + 1;
        if (low_ > kLowMask) {
            low_ &= kLowMask;
            if (++high_ > kHighMask) {
                high_ = 0;
                ++milliseconds_;
            }
        }
    }
    std::string text;
    text.reserve(36);
    AppendHex(text, milliseconds_ >> 16U, 8);
    text += '-';
    AppendHex(text, milliseconds_, 4);
    text += '-';
    AppendHex(text, 0x7000U | high_, 4);
    text += '-';
    AppendHex(text, 0x8000U | (low_ >> 48U), 4);
    text += '-';
    AppendHex(text, low_, 12);
    return text;
}

std::string FormatTime(WallTime time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const auto whole = static_cast<std::time_t>(seconds.count());
    std::tm parts{};
    gmtime_r(&whole, &parts);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string result(text.data(), size);
    const auto millis = static_cast<unsigned>((since - seconds).count());
    result += '.';
    result += static_cast<char>('0' + millis / 100);
    result += static_cast<char>('0' + millis / 10 % 10);
    result += static_cast<char>('0' + millis % 10);
    result += 'Z';
    return result;
}

}  // namespace holdfast::gateway::http
