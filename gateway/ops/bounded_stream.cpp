#include "gateway/ops/bounded_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace holdfast::gateway::ops {
namespace {

constexpr std::size_t kChunk = 2048;
constexpr std::size_t kLingerBytes = 64 * 1024;
constexpr Duration kLinger = std::chrono::milliseconds(250);

}  // namespace

bool BoundedStream::Wait(short events) const {
    static_assert(kReadable == POLLIN && kWritable == POLLOUT);
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        if (left.count() <= 0) return false;
        pollfd waits[2] = {{socket_, events, 0}, {stop_event_, POLLIN, 0}};
        // An answer that has begun is finished: a drain that ends at once would lose its own
        // otherwise.
        const nfds_t count = events == kWritable ? 1 : 2;
        const int ready = poll(waits, count, static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR) continue;
        return ready > 0 && waits[1].revents == 0;
    }
}

ssize_t BoundedStream::read(char* data, std::size_t size) {
    if (consumed_ == buffer_.size()) {
        const std::size_t want = std::min(kChunk, may_read_);
        if (want == 0 || !Wait(kReadable)) return -1;
        buffer_.resize(want);
        const ssize_t got = recv(socket_, buffer_.data(), want, 0);
        buffer_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        consumed_ = 0;
        may_read_ -= buffer_.size();
        if (got <= 0) return got;
    }
    const std::size_t count = std::min(size, buffer_.size() - consumed_);
    std::copy_n(buffer_.data() + consumed_, count, data);
    consumed_ += count;
    return static_cast<ssize_t>(count);
}

ssize_t BoundedStream::write(const char* data, std::size_t size) {
    // The library takes a short write for a failure.
    std::size_t done = 0;
    while (done < size) {
        if (!Wait(kWritable)) return -1;
        const ssize_t sent = send(socket_, data + done, size - done, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (sent < 0) return -1;
        done += static_cast<std::size_t>(sent);
    }
    return static_cast<ssize_t>(size);
}

// Nothing on the ops port asks who is there.
void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
    ip.clear();
    port = 0;
}

void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
    ip.clear();
    port = 0;
}

void BoundedStream::Finish() {
    if (shutdown(socket_, SHUT_WR) != 0) return;
    deadline_ = std::min(deadline_, Clock::now() + kLinger);
    char dropped[kChunk];
    for (std::size_t total = 0; total < kLingerBytes && Wait(kReadable);) {
        const ssize_t got = recv(socket_, dropped, sizeof dropped, 0);
        if (got <= 0) return;
        total += static_cast<std::size_t>(got);
    }
}

}  // namespace holdfast::gateway::ops
