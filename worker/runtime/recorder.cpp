#include "worker/runtime/recorder.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <holdfast/worker/span.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace holdfast::worker {
namespace {

std::string MakePrefix() {
    using std::chrono::milliseconds;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return fmt::format("{}-{}", std::chrono::duration_cast<milliseconds>(now).count(), ::getpid());
}

std::uint64_t FieldBytes(const holdfast_fields& fields) {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < fields.count; ++i) {
        bytes += fields.items[i].name.size + fields.items[i].value.size;
    }
    return bytes;
}

std::uint64_t BytesOf(const holdfast_request_v1& request) {
    return request.service.size + request.route.size + request.method.size + request.target.size +
           request.idempotency_key.size + request.body.size + FieldBytes(request.parameters) +
           FieldBytes(request.headers) + FieldBytes(request.attributes);
}

}  // namespace

Recorder::Recorder(RecordOptions options) : options_(std::move(options)), prefix_(MakePrefix()) {
    const char* const folder = options_.folder.c_str();
    const bool made = ::mkdir(folder, 0700) == 0 || errno == EEXIST;
    if (made) folder_ = ::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0 || ::faccessat(folder_, ".", W_OK | X_OK, 0) != 0) {
        const std::string reason = std::strerror(errno);
        if (folder_ >= 0) ::close(folder_);
        throw std::runtime_error("cannot record to " + options_.folder + ": " + reason);
    }
    thread_ = std::thread([this] { Run(); });
}

Recorder::~Recorder() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wanted_.notify_one();
    thread_.join();
    ::close(folder_);
    spdlog::info("recorded {} requests to {}, {} were left out", written_, options_.folder,
                 left_out_);
}

void Recorder::Take(const holdfast_request_v1& request, Duration timeout) {
    const std::uint64_t bytes = BytesOf(request);
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        if (taken_ >= options_.max_requests) {
            End("--record-requests is reached");
            return;
        }
        if (queue_.size() >= kMaxQueued || queued_bytes_ + bytes > kMaxQueuedBytes) {
            if (left_out_++ == 0) {
                spdlog::warn(
                    "recording: requests come faster than the disk takes them; some are "
                    "left out");
            }
            return;
        }
        ++taken_;
        queued_bytes_ += bytes;
    }
    try {
        Item item{CopyRequest(request, timeout, options_.redact), bytes};
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(item));
    } catch (const std::bad_alloc&) {
        // No memory for a copy: the plugin may still have enough for the request itself.
        const std::lock_guard lock(mutex_);
        --taken_;
        ++left_out_;
        queued_bytes_ -= bytes;
        return;
    }
    wanted_.notify_one();
}

/// Under the lock.
void Recorder::End(const std::string& reason) {
    if (std::exchange(ended_, true)) return;
    spdlog::warn("recording to {} has ended: {}", options_.folder, reason);
}

void Recorder::Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        const Item item = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        if (!broken_) Write(item.request);
        lock.lock();
        queued_bytes_ -= item.bytes;
    }
}

void Recorder::Write(const RequestFile& request) {
    std::string reason;
    try {
        const std::string text = FormatRequestFile(request);
        const std::string name = fmt::format("{}-{:06}.json", prefix_, written_ + 1);
        if (text.size() > options_.max_bytes - written_bytes_) {
            reason = "--record-bytes is reached";
        } else if (!WriteFile(name, text)) {
            reason = std::strerror(errno);
        } else {
            ++written_;
            written_bytes_ += text.size();
        }
    } catch (const std::exception& error) {
        reason = error.what();
    }
    broken_ = !reason.empty();
    if (!broken_) return;
    const std::lock_guard lock(mutex_);
    End(reason);
}

bool Recorder::WriteFile(const std::string& name, std::string_view text) const {
    const std::string unfinished = name + ".tmp";
    const int file = ::openat(folder_, unfinished.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool good = true;
    while (good && !text.empty()) {
        const ssize_t size = ::write(file, text.data(), text.size());
        good = size > 0 || (size < 0 && errno == EINTR);
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
    }
    int error = errno;
    if (::close(file) != 0 && good) {
        good = false;
        error = errno;
    }
    if (good && ::renameat(folder_, unfinished.c_str(), folder_, name.c_str()) == 0) return true;
    if (good) error = errno;
    ::unlinkat(folder_, unfinished.c_str(), 0);
    errno = error;
    return false;
}

}  // namespace holdfast::worker
