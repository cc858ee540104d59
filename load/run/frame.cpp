#include "load/run/frame.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace holdfast::load {
namespace {

constexpr std::size_t kHead = 4;

bool WriteAll(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

bool WriteFrame(int socket, Frame::Type type, std::string_view payload) {
    const std::size_t length = payload.size() + 1;
    if (length > kMaxFrame) return false;
    std::string bytes;
    bytes.reserve(kHead + length);
    for (std::size_t i = 0; i < kHead; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xFF);
    bytes += static_cast<char>(type);
    bytes += payload;
    return WriteAll(socket, bytes);
}

bool FrameReader::ReadFrom(int socket) {
    char chunk[65536];
    ssize_t got = 0;
    do {
        got = read(socket, chunk, sizeof chunk);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    bytes_.append(chunk, static_cast<std::size_t>(got));
    return !broken_;
}

std::optional<Frame> FrameReader::Next() {
    if (bytes_.size() < kHead || broken_) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < kHead; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    }
    broken_ = length == 0 || length > kMaxFrame;
    if (broken_ || bytes_.size() < kHead + length) return std::nullopt;
    Frame frame{.type = static_cast<Frame::Type>(bytes_[kHead]),
                .payload = bytes_.substr(kHead + 1, length - 1)};
    bytes_.erase(0, kHead + length);
    return frame;
}

}  // namespace holdfast::load
