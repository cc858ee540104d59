#include "gateway/http/socket.h"

#include <gtest/gtest.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "gateway/http/accept.h"

namespace holdfast::gateway::http {
namespace {

/// A client of a listener with these buffers, and what the kernel charges for the accepted side.
struct KernelBuffers {
    explicit KernelBuffers(std::size_t bytes) {
        options.send_buffer = options.receive_buffer = bytes;
        options.backlog = 8;
        listener = OpenListener(options);
        client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        where.sin_port = htons(PortOf(listener));
        // The kernel takes it into the backlog before this returns, so that it can be accepted.
        EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
        accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        EXPECT_GE(accepted, 0);
    }
    ~KernelBuffers() {
        for (const int descriptor : {client, listener}) ::close(descriptor);
    }

    std::uint32_t Charged(std::size_t what) const {
        std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
        socklen_t size = sizeof info;
        EXPECT_EQ(::getsockopt(accepted, SOL_SOCKET, SO_MEMINFO, info.data(), &size), 0);
        return info[what];
    }

    ServerOptions options;
    int listener = -1;
    int client = -1;
    int accepted = -1;  ///< the test's to close
};

TEST(KernelBuffers, OfASlowReaderAreBounded) {
    for (const std::size_t buffer : {4U << 10U, 64U << 10U}) {
        KernelBuffers kernel(buffer);
        Socket socket(kernel.accepted, buffer);
        const std::string answer(1U << 20U, 'x');
        while (socket.Write(answer).status == IoResult::Status::kOk) {
        }
        EXPECT_TRUE(socket.HasUnsent());
        EXPECT_GT(kernel.Charged(SK_MEMINFO_WMEM_QUEUED), buffer);
        EXPECT_LE(kernel.Charged(SK_MEMINFO_WMEM_QUEUED), 3 * buffer);
    }
}

TEST(KernelBuffers, OfASlowReaderOfSmallAnswersAreBounded) {
    KernelBuffers kernel(4U << 10U);
    Socket socket(kernel.accepted, kernel.options.send_buffer);
    const std::string answer(300, 'x');
    while (socket.Write(answer).status == IoResult::Status::kOk) {
    }
    EXPECT_LE(kernel.Charged(SK_MEMINFO_WMEM_QUEUED), 3 * kernel.options.send_buffer);
}

TEST(KernelBuffers, OfWhatIsNotReadAreBounded) {
    for (const std::size_t buffer : {4U << 10U, 64U << 10U}) {
        KernelBuffers kernel(buffer);
        const Socket socket(kernel.accepted, buffer);
        const std::string bytes(1U << 20U, 'x');
        while (::send(kernel.client, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
        EXPECT_FALSE(socket.HasUnsent());
        EXPECT_LE(kernel.Charged(SK_MEMINFO_RMEM_ALLOC), 2 * buffer);
    }
}

TEST(Socket, AnAnswerInManyPiecesArrivesWhole) {
    KernelBuffers kernel(4U << 10U);
    Socket socket(kernel.accepted, kernel.options.send_buffer);
    std::string first(10'000, 'x');
    std::string second(300'000, 'y');
    for (std::size_t i = 0; i < second.size(); i += 997) second[i] = 'z';
    std::string got;
    std::size_t sent = 0;
    while (got.size() < first.size() + second.size()) {
        const std::string_view head = std::string_view(first).substr(std::min(sent, first.size()));
        const std::string_view body =
            std::string_view(second).substr(sent - std::min(sent, first.size()));
        sent += socket.Write(head, body).bytes;
        std::array<char, 5000> some;
        const ssize_t bytes = ::recv(kernel.client, some.data(), some.size(), 0);
        ASSERT_GT(bytes, 0);
        got.append(some.data(), static_cast<std::size_t>(bytes));
    }
    EXPECT_TRUE(got == first + second);
}

}  // namespace
}  // namespace holdfast::gateway::http
