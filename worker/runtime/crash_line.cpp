#include "worker/runtime/crash_line.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace holdfast::worker {
namespace {

constexpr int kPatienceMs = 1000;

}  // namespace

CrashLine& CrashLine::operator<<(std::string_view text) {
    for (const char c : text) {
        if (size_ < kBytes) text_[size_++] = c < ' ' ? '?' : c;
    }
    return *this;
}

CrashLine& CrashLine::Number(std::uint64_t value, unsigned base, int digits) {
    std::array<char, 20> buffer{};
    std::size_t at = buffer.size();
    for (; value != 0 || digits > 0; value /= base, --digits) {
        buffer[--at] = "0123456789abcdef"[value % base];
    }
    return *this << std::string_view(buffer.data() + at, buffer.size() - at);
}

void CrashLine::WriteTo(int fd, CrashReportForm form) const {
    std::array<char, 2 * kBytes + 128> out{};
    std::size_t size = 0;
    const auto put = [&](std::string_view text) {
        const std::size_t room = std::min(text.size(), out.size() - size);
        std::memcpy(out.data() + size, text.data(), room);
        size += room;
    };
    const std::string_view text(text_.data(), size_);
    if (form == CrashReportForm::kJson) {
        put(R"({"level":"critical","program":"holdfast-worker","message":")");
        for (const char& c : text) {
            if (c == '"' || c == '\\') put("\\");
            put({&c, 1});
        }
        put("\"}\n");
    } else {
        put(form == CrashReportForm::kSupervisor ? "crash " : "critical ");
        put(text);
        put("\n");
    }
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, kPatienceMs) <= 0) return;
    [[maybe_unused]] const auto written = ::write(fd, out.data(), size);
}

}  // namespace holdfast::worker
