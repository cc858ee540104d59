#include "worker/supervisor/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::worker {

FileWatch::FileWatch(const std::filesystem::path& file)
    : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), name_(file.filename()) {
    const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
    if (fd_ < 0 || ::inotify_add_watch(fd_, folder.c_str(),
                                       IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_CREATE) < 0) {
        const int error = errno;
        if (fd_ >= 0) ::close(fd_);
        throw std::system_error(error, std::generic_category(), "cannot watch " + folder.string());
    }
}

FileWatch::~FileWatch() {
    ::close(fd_);
}

FileWatch::Changes FileWatch::Take() {
    Changes changes;
    alignas(inotify_event) std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t size = ::read(fd_, buffer.data(), buffer.size());
        if (size <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* const name = buffer.data() + at + sizeof event;
            at += sizeof event + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) changes.complete = true;
            if (event.len == 0 || name_ != name) continue;
            if ((event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) {
                changes.complete = true;
                written_ = false;
            } else if ((event.mask & IN_MODIFY) != 0) {
                written_ = true;
            } else {
                changes.complete = true;  // made: a link, or a file that will be written
            }
        }
    }
    changes.written = written_;
    return changes;
}

}  // namespace holdfast::worker
