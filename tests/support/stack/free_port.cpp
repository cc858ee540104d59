#include "tests/support/stack/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace holdfast::testing {
namespace {

/// A socket on that port, or -1.
int Bind(int port) {
    const int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(bound, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return bound;
    close(bound);
    return -1;
}

/// Ports that are this process's alone: whoever has a block's first port bound has the block, and
/// the kernel gives it back, however the process ends. free_port.py has the same blocks.
class PortBlock {
  public:
    PortBlock() {
        for (int i = 0; i < kBlocks; ++i) {
            first_ = kFirst + (getpid() + i) % kBlocks * kBlock;
            holder_ = Bind(first_);
            if (holder_ >= 0) return;
        }
        throw std::runtime_error("no block of ports is free");
    }
    ~PortBlock() { close(holder_); }
    PortBlock(const PortBlock&) = delete;
    PortBlock& operator=(const PortBlock&) = delete;

    std::uint16_t Next() {
        for (int tries = 1; tries < kBlock; ++tries) {
            last_ = last_ % (kBlock - 1) + 1;
            const int probe = Bind(first_ + last_);
            if (probe < 0) continue;
            close(probe);
            return static_cast<std::uint16_t>(first_ + last_);
        }
        throw std::runtime_error("no port is free");
    }

  private:
    static constexpr int kFirst = 10'000;
    static constexpr int kBlock = 250;
    static constexpr int kBlocks = 80;

    int first_ = 0;
    int holder_ = -1;
    int last_ = 0;  ///< in the block, of the one that was given last
};

}  // namespace

std::uint16_t FreePort() {
    static PortBlock block;
    return block.Next();
}

}  // namespace holdfast::testing
