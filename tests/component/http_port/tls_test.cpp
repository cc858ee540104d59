// What only TLS has: handshakes, records, certificates. Everything else of the port is tested over
// TLS too: component_http_port_over_tls runs the same tests.
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <thread>

#include "tests/component/http_port/port_fixture.h"
#include "tests/support/tls/client_hello.h"

namespace holdfast::test {
namespace {

class Tls : public PortFixture {
  protected:
    Tls() { options.tls = Context(); }

    HttpClient ConnectRaw() const { return HttpClient(server->port()); }
    /// That many connections have been accepted, and are closed.
    bool AllGone(std::uint64_t connections) const {
        return Eventually([&] { return Count(Counter::kConnectionsClosed) == connections; });
    }
};

std::string NameOfPeer(const HttpClient& client) {
    X509* const certificate = ::SSL_get1_peer_certificate(client.session());
    char* const name = ::X509_NAME_oneline(::X509_get_subject_name(certificate), nullptr, 0);
    std::string text = name;
    ::OPENSSL_free(name);
    ::X509_free(certificate);
    return text;
}

TEST_F(Tls, ServesOverTheNewestVersionAndSaysHttp11) {
    Start();
    HttpClient client = ConnectRaw();
    ASSERT_TRUE(client.StartTls({.alpn = "\x02h2\x08http/1.1"}));
    EXPECT_EQ(::SSL_version(client.session()), TLS1_3_VERSION);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(client.session(), &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    EXPECT_EQ(client.Ask(Post("/echo", "hello")).value().body, "hello");
    EXPECT_EQ(Count(Counter::kTlsHandshakes), 1U);
    EXPECT_EQ(Count(Counter::kTlsHandshakesFailed), 0U);
}

TEST_F(Tls, AClientThatSpeaksOtherProtocolsOnlyIsRefused) {
    Start();
    EXPECT_FALSE(ConnectRaw().StartTls({.alpn = "\x02h2"}));
    EXPECT_TRUE(Eventually([this] { return Count(Counter::kTlsHandshakesFailed) == 1; }));
}

TEST_F(Tls, OldVersionsAreRefused) {
    Start();
    EXPECT_FALSE(ConnectRaw().StartTls({.version = TLS1_VERSION}));
    EXPECT_FALSE(ConnectRaw().StartTls({.version = TLS1_1_VERSION}));
    EXPECT_TRUE(ConnectRaw().StartTls({.version = TLS1_2_VERSION}));
}

TEST_F(Tls, Version12IsRefusedWhereTheSettingSaysSo) {
    options.tls = Context(ServerCertificate(), {}, gateway::http::TlsVersion::k13);
    Start();
    EXPECT_FALSE(ConnectRaw().StartTls({.version = TLS1_2_VERSION}));
    EXPECT_TRUE(ConnectRaw().StartTls({.version = TLS1_3_VERSION}));
}

TEST_F(Tls, PlainHttpGetsA400ThatSaysWhat) {
    Start();
    for (const std::string& request : {Get("/echo"), Post("/echo", "body")}) {
        HttpClient client = ConnectRaw();
        const auto response = client.Ask(request);
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 400U);
        EXPECT_NE(response->body.find("plain-http"), std::string::npos) << response->body;
        EXPECT_TRUE(client.WaitForClose());
    }
    EXPECT_EQ(bus->submits(), 0U);
    EXPECT_EQ(Count(Counter::kTlsHandshakesFailed), 2U);
}

TEST_F(Tls, GarbageEndsTheConnectionAndIsReported) {
    struct Reasons final : gateway::http::Observer {
        void OnHandshakeFailure(std::string_view client, std::string_view reason) override {
            EXPECT_EQ(client, "127.0.0.1");
            EXPECT_FALSE(reason.empty());
            ++count;
        }
        std::atomic<unsigned> count{0};
    } reasons;
    observer = &reasons;
    Start();
    for (const std::string& bytes :
         {std::string(10'000, '\xff'), std::string(100, '\0'),
          std::string("DELETE / HTTP/1.1\r\n\r\n"),
          std::string("\x16\x03\x01\x40\x00", 5) + std::string(16'384, 'x')}) {
        HttpClient client = ConnectRaw();
        client.SendRaw(bytes);
        client.ShutdownSend();
        char byte = 0;
        while (::recv(client.descriptor(), &byte, 1, 0) > 0) {
        }
    }
    EXPECT_TRUE(AllGone(4));
    EXPECT_EQ(reasons.count, 4U);
    EXPECT_EQ(Count(Counter::kTlsHandshakesFailed), 4U);
    EXPECT_EQ(bus->submits(), 0U);
    server->Stop();
}

TEST_F(Tls, AHandshakeThatDoesNotEndIsCutOff) {
    options.head_timeout = 100ms;
    options.idle_timeout = 60s;
    Start();
    const std::string hello = ClientHello();
    HttpClient silent = ConnectRaw();
    HttpClient half = ConnectRaw();
    half.SendRaw(hello.substr(0, hello.size() / 2));
    HttpClient waits = ConnectRaw();
    waits.SendRaw(hello);  // and never finishes
    EXPECT_TRUE(AllGone(3));
    EXPECT_EQ(Count(Counter::kTlsHandshakesFailed), 3U);
}

TEST_F(Tls, AHandshakeByteByByteDoesNotOutliveItsTime) {
    options.head_timeout = 200ms;
    Start();
    HttpClient client = ConnectRaw();
    const std::string hello = ClientHello();
    std::size_t sent = 0;
    while (sent < hello.size() && client.SendRaw({&hello[sent], 1})) {
        ++sent;
        std::this_thread::sleep_for(5ms);
        if (server->active_connections() == 0) break;
    }
    EXPECT_LT(sent, hello.size());
    EXPECT_TRUE(AllGone(1));
}

TEST_F(Tls, HundredsOfHalfHandshakesKeepNobodyElseOut) {
    options.head_timeout = 1s;
    options.linger_timeout = 100ms;
    Start();
    const std::string hello = ClientHello();
    std::vector<HttpClient> halves;
    for (int i = 0; i < 300; ++i) {
        halves.push_back(ConnectRaw());
        halves.back().SendRaw(i % 2 == 0 ? hello.substr(0, 50) : hello);
    }
    HttpClient client = Connect();
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_TRUE(Eventually([this] { return server->active_connections() == 1; }));
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    EXPECT_EQ(Count(Counter::kTlsHandshakesFailed), 300U);
}

TEST_F(Tls, ManyHandshakesAtOnceAllSucceed) {
    Start();
    std::atomic<unsigned> served{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            std::vector<HttpClient> clients;
            for (int j = 0; j < 5; ++j) clients.push_back(Connect());
            for (HttpClient& client : clients) {
                const auto response = client.Ask(Get("/echo"));
                if (response && response->status == 200) ++served;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(served, 80U);
}

TEST_F(Tls, WhatIsDecryptedButNotYetReadIsNotLost) {
    Start(Hold);
    HttpClient client = Connect();
    ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234"));
    ASSERT_TRUE(Eventually([this] { return budget->upload_bytes() == 10; }));
    // One record: the body's rest, which is read, and the next request, which must wait.
    ASSERT_TRUE(client.Send("56789" + Get("/echo") + Get("/echo")));
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
        bus->Release(Echo);
        EXPECT_EQ(client.Receive().value().body, i == 0 ? "0123456789" : "");
    }
    EXPECT_EQ(bus->submits(), 3U);
}

TEST_F(Tls, ARefusedBodyIsSkippedWithinARecord) {
    Start();
    HttpClient client = Connect();
    ASSERT_TRUE(client.Send(Post("/nowhere", std::string(9000, 'x')) + Post("/echo", "next")));
    EXPECT_EQ(client.Receive().value().status, 404U);
    EXPECT_EQ(client.Receive().value().body, "next");
}

TEST_F(Tls, AKeyUpdateWhileSuspendedChangesNothing) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(::SSL_key_update(client.session(), SSL_KEY_UPDATE_REQUESTED), 1);
        ASSERT_EQ(::SSL_do_handshake(client.session()), 1);
    }
    bus->Release(Echo);
    EXPECT_EQ(client.Receive().value().status, 200U);
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    bus->Release(Echo);
    EXPECT_EQ(client.Receive().value().status, 200U);
}

TEST_F(Tls, ACloseNotifyAloneDoesNotCancelWhatIsSuspended) {
    Start(Hold);
    HttpClient client = Connect();
    client.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    ::SSL_shutdown(client.session());  // no FIN: RFC 8446 lets it still read
    bus->Release(Echo);
    EXPECT_EQ(client.Receive().value().status, 200U);
    EXPECT_TRUE(client.WaitForClose());
    EXPECT_EQ(bus->cancels(), 0U);
}

TEST_F(Tls, ACloseIsSaidBeforeItIsDone) {
    options.idle_timeout = 2s;  // as `last` has to live until it has asked
    Start();
    HttpClient last = Connect();
    const auto response = last.Ask("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    EXPECT_TRUE(last.WaitForClose());
    EXPECT_EQ(::SSL_get_shutdown(last.session()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    HttpClient idle = Connect();
    EXPECT_TRUE(idle.WaitForClose());
    EXPECT_EQ(::SSL_get_shutdown(idle.session()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST_F(Tls, ARecordThatIsCutIsNoRequest) {
    Start();
    HttpClient client = Connect();
    client.SendRaw(std::string("\x17\x03\x03\x01\x00", 5) + std::string(20, 'x'));
    ::shutdown(client.descriptor(), SHUT_WR);
    EXPECT_TRUE(AllGone(1));
    EXPECT_EQ(bus->submits(), 0U);
}

TEST_F(Tls, ARecordThatWasTamperedWithEndsTheConnection) {
    Start();
    HttpClient client = Connect();
    client.SendRaw(std::string("\x17\x03\x03\x01\x00", 5) + std::string(256, 'x'));
    EXPECT_FALSE(client.Receive().has_value());
    EXPECT_TRUE(AllGone(1));
    EXPECT_EQ(bus->submits(), 0U);
}

TEST_F(Tls, ARenegotiationIsRefused) {
    Start();
    HttpClient client = ConnectRaw();
    ASSERT_TRUE(client.StartTls({.version = TLS1_2_VERSION}));
    EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
    ASSERT_EQ(::SSL_renegotiate(client.session()), 1);
    EXPECT_NE(::SSL_do_handshake(client.session()), 1);
    EXPECT_EQ(Count(Counter::kTlsHandshakes), 1U);
}

TEST_F(Tls, ASessionCannotBeResumed) {
    Start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        HttpClient client = ConnectRaw();
        ASSERT_TRUE(client.StartTls({.version = version}));
        EXPECT_EQ(client.Ask(Get("/echo")).value().status, 200U);
        EXPECT_EQ(::SSL_SESSION_is_resumable(::SSL_get0_session(client.session())), 0);
    }
}

TEST_F(Tls, ANewCertificateIsForNewConnections) {
    Start();
    HttpClient old = Connect();
    const std::string first = NameOfPeer(old);
    const Certificate next("localhost");
    server->SetTls(Context(next));
    HttpClient young = Connect();
    EXPECT_NE(NameOfPeer(young), first);
    EXPECT_EQ(old.Ask(Post("/echo", "old")).value().body, "old");
    EXPECT_EQ(young.Ask(Post("/echo", "young")).value().body, "young");
}

TEST_F(Tls, ClientsMustShowACertificateOfTheirCaWhereOneIsAskedFor) {
    const Certificate known("client");
    const Certificate stranger("client");
    options.tls = Context(ServerCertificate(), known.certificate_file());
    Start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        // With TLS 1.3 a client learns of its refusal only when it reads.
        HttpClient without = ConnectRaw();
        without.StartTls({.version = version});
        EXPECT_FALSE(without.Ask(Get("/echo")).has_value());
        HttpClient wrong = ConnectRaw();
        wrong.StartTls({.certificate = stranger.certificate_file(),
                        .key = stranger.key_file(),
                        .version = version});
        EXPECT_FALSE(wrong.Ask(Get("/echo")).has_value());
        HttpClient right = ConnectRaw();
        ASSERT_TRUE(right.StartTls({.certificate = known.certificate_file(),
                                    .key = known.key_file(),
                                    .version = version}));
        EXPECT_EQ(right.Ask(Get("/echo")).value().status, 200U);
    }
    EXPECT_EQ(bus->submits(), 2U);
}

TEST_F(Tls, ADrainEndsHandshakesThatAreNotOver) {
    Start(Hold);
    HttpClient half = ConnectRaw();
    half.SendRaw(ClientHello().substr(0, 50));
    HttpClient busy = Connect();
    busy.Send(Get("/echo"));
    ASSERT_TRUE(Eventually([this] { return bus->held() == 1; }));
    server->StopAccepting();
    EXPECT_TRUE(half.WaitForClose());
    bus->Release(Echo);
    EXPECT_EQ(busy.Receive().value().status, 200U);
    EXPECT_TRUE(AllGone(2));
}

}  // namespace
}  // namespace holdfast::test
