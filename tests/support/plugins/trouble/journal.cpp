#include "journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <system_error>

namespace holdfast::test {

Journal::Journal(std::string_view path) {
    if (path.empty()) return;
    const std::string name(path);
    file_ = ::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), name);
}

Journal::~Journal() {
    if (file_ >= 0) ::close(file_);
}

void Journal::Write(std::string_view word, std::uint64_t correlation_id, std::uint32_t attempt) {
    if (file_ < 0) return;
    std::array<char, 128> line;
    const int size =
        std::snprintf(line.data(), line.size(), "%.*s %016" PRIx64 " %" PRIu32 "\n",
                      static_cast<int>(word.size()), word.data(), correlation_id, attempt);
    if (::write(file_, line.data(), static_cast<std::size_t>(size)) != size) {
        throw std::system_error(errno, std::generic_category(), "journal");
    }
}

}  // namespace holdfast::test
