#include "tests/support/leg/zmtp_peer.h"

#include <sys/socket.h>

#include <array>

namespace holdfast::test {
namespace {

constexpr unsigned kMore = 1;
constexpr unsigned kLong = 2;
constexpr unsigned kCommand = 4;
constexpr std::size_t kMechanismBytes = 20;
constexpr std::size_t kGreetingBytes = 64;

std::string BigEndian(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = bytes; i-- > 0;) text += static_cast<char>(value >> (8U * i) & 0xFFU);
    return text;
}

std::string Property(std::string_view name, std::string_view value) {
    return static_cast<char>(name.size()) + std::string(name) + BigEndian(value.size(), 4) +
           std::string(value);
}

std::string Framed(unsigned flags, std::string_view content) {
    if (content.size() <= 255) {
        return static_cast<char>(flags) + BigEndian(content.size(), 1) + std::string(content);
    }
    return static_cast<char>(flags | kLong) + BigEndian(content.size(), 8) + std::string(content);
}

}  // namespace

std::string ZmtpGreeting(std::string_view mechanism) {
    std::string greeting = "\xFF" + std::string(8, '\0') + "\x7F\x03" + std::string(1, '\0');
    greeting += mechanism;
    greeting.resize(greeting.size() + kMechanismBytes - mechanism.size());
    greeting.resize(kGreetingBytes);
    return greeting;
}

std::string ZmtpReady(std::string_view socket_type, std::string_view identity) {
    std::string body = Property("Socket-Type", socket_type);
    if (!identity.empty()) body += Property("Identity", identity);
    return ZmtpCommand("READY", body);
}

std::string ZmtpFrame(std::string_view content, bool more) {
    return Framed(more ? kMore : 0, content);
}

std::string ZmtpCommand(std::string_view name, std::string_view data) {
    return Framed(kCommand, static_cast<char>(name.size()) + std::string(name) + std::string(data));
}

std::string ZmtpFrameHead(std::uint64_t size, bool more) {
    return static_cast<char>(kLong | (more ? kMore : 0)) + BigEndian(size, 8);
}

HttpClient ZmtpPeer(std::uint16_t port, std::string_view identity) {
    HttpClient peer(port);
    peer.Send(ZmtpGreeting() + ZmtpReady("DEALER", identity));
    // Its greeting and its READY, whose size is in the second byte.
    std::string heard;
    std::array<char, 256> room;
    while (heard.size() < kGreetingBytes + 2 ||
           heard.size() <
               kGreetingBytes + 2 + static_cast<unsigned char>(heard[kGreetingBytes + 1])) {
        const ssize_t got = ::recv(peer.descriptor(), room.data(), room.size(), 0);
        if (got <= 0) break;
        heard.append(room.data(), static_cast<std::size_t>(got));
    }
    return peer;
}

}  // namespace holdfast::test
