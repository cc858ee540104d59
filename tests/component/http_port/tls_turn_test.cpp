// How much of a storm of handshakes one turn of a loop takes. It is counted, not timed: the loop
// reads its clock at each turn's beginning, and OpenSSL tells of each message that it writes.
#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <semaphore>
#include <vector>

#include "tests/component/http_port/port_fixture.h"
#include "tests/support/tls/client_hello.h"

namespace holdfast::test {
namespace {

constexpr unsigned kStepsPerTurn = 8;

class TlsTurn : public PortFixture, private gateway::http::Observer {
  protected:
    TlsTurn() {
        const auto context = Context();
        ::SSL_CTX_set_msg_callback(context->native(), &OnMessage);
        ::SSL_CTX_set_msg_callback_arg(context->native(), this);
        options.tls = context;
        options.wall_clock = [this] {
            steps_of_turns.push_back(0);
            return std::chrono::system_clock::now();
        };
        observer = this;
    }
    /// Also where a test has ended early: the server must not outlive what it calls.
    ~TlsTurn() override {
        go_on.release();
        server->Stop();
    }

    /// The loop's thread stands still in it, once `garbage` has come, until `go_on` is released.
    void OnHandshakeFailure(std::string_view /*client*/, std::string_view /*reason*/) override {
        stands.release();
        go_on.acquire();
    }

    /// The server has received all that was sent.
    static bool Arrived(const HttpClient& client) {
        return Eventually([&client] {
            int unacknowledged = 0;
            return ::ioctl(client.descriptor(), SIOCOUTQ, &unacknowledged) == 0 &&
                   unacknowledged == 0;
        });
    }

    // The loop's thread's, until the server has stopped: of each turn, how many ServerHellos it
    // wrote, which is where a handshake's expensive step is.
    std::vector<unsigned> steps_of_turns;
    std::counting_semaphore<> stands{0};
    std::counting_semaphore<> go_on{0};

  private:
    static void OnMessage(int written, int /*version*/, int type, const void* message,
                          std::size_t size, SSL* /*session*/, void* self) {
        const bool hello = written == 1 && type == SSL3_RT_HANDSHAKE && size > 0 &&
                           *static_cast<const unsigned char*>(message) == SSL3_MT_SERVER_HELLO;
        if (hello) ++static_cast<TlsTurn*>(self)->steps_of_turns.back();
    }
};

TEST_F(TlsTurn, EightHandshakesAreTakenAndTheOthersInTheNextTurns) {
    constexpr unsigned kClients = 3 * kStepsPerTurn + 1;
    Start();
    std::vector<HttpClient> clients;
    for (unsigned i = 0; i < kClients; ++i) clients.emplace_back(server->port());
    HttpClient garbage(server->port());
    ASSERT_TRUE(Eventually(
        [this] { return Count(Counter::kConnectionsAccepted) == kClients + std::uint64_t{1}; }));
    garbage.SendRaw(std::string(100, '\xff'));
    stands.acquire();
    const std::string hello = ClientHello();
    for (HttpClient& client : clients) EXPECT_TRUE(client.SendRaw(hello));
    for (const HttpClient& client : clients) EXPECT_TRUE(Arrived(client));
    go_on.release();
    for (const HttpClient& client : clients) {
        char byte = 0;
        EXPECT_EQ(::recv(client.descriptor(), &byte, 1, MSG_PEEK), 1);
    }
    server->Stop();
    std::erase(steps_of_turns, 0U);
    EXPECT_EQ(steps_of_turns,
              (std::vector<unsigned>{kStepsPerTurn, kStepsPerTurn, kStepsPerTurn, 1}));
}

}  // namespace
}  // namespace holdfast::test
