#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/http/server.h"
#include "gateway/http/tls_context.h"
#include "tests/support/http/http_client.h"
#include "tests/support/http/scripted_bus.h"
#include "tests/support/tls/certificate.h"

namespace holdfast::test {

using namespace std::chrono_literals;
using gateway::Completion;
using gateway::Counter;
using gateway::Outcome;
using gateway::Progress;
using gateway::Request;

/// Polls `condition` until it holds; false after ten seconds.
inline bool Eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// Whether this run is to send all tests' requests through TLS: HOLDFAST_TEST_TLS in the
/// environment.
inline bool OverTls() {
    static const bool over_tls = std::getenv("HOLDFAST_TEST_TLS") != nullptr;
    return over_tls;
}

/// The server's certificate in every test of this process.
inline const Certificate& ServerCertificate() {
    static const Certificate certificate("localhost");
    return certificate;
}

/// A real server on a free port, plain or over TLS, in front of a scripted bus. Whatever a test
/// does: at its end every permit has come back.
class PortFixture : public ::testing::Test {
  protected:
    PortFixture() {
        options.head_timeout = 5s;
        options.body_timeout = 5s;
        gateway::Route echo;
        echo.path = "/echo";
        echo.methods = {"GET", "POST"};
        echo.service = "echo";
        echo.timeout = 5s;
        echo.body_limit = 64U << 10U;
        routes.push_back(echo);
        gateway::Route items = echo;
        items.path = "/v1/items/{id}";
        items.methods = {"GET", "PUT"};
        items.body_limit = 100;
        items.content_types = {"application/json"};
        routes.push_back(items);
    }

    ~PortFixture() override {
        if (bus != nullptr) {
            server->Stop();
            bus->Stop();
            server.reset();
            bus.reset();
        }
        if (budget != nullptr) {
            EXPECT_EQ(budget->requests(), 0U);
            EXPECT_EQ(budget->bytes(), 0U);
            EXPECT_EQ(budget->upload_bytes(), 0U);
        }
    }

    static std::shared_ptr<const gateway::http::TlsContext> Context(
        const Certificate& certificate = ServerCertificate(), const std::string& client_ca = {},
        gateway::http::TlsVersion min_version = gateway::http::TlsVersion::k12) {
        return std::make_shared<const gateway::http::TlsContext>(
            gateway::http::TlsOptions{.certificate = certificate.certificate_file(),
                                      .key = certificate.key_file(),
                                      .client_ca = client_ca,
                                      .min_version = min_version});
    }

    void Start(ScriptedBus::Script script = Echo) {
        if (OverTls() && options.tls == nullptr) options.tls = Context();
        budget = std::make_unique<gateway::InflightBudget>(limits);
        router = std::make_unique<gateway::http::Router>(routes);
        bus = std::make_unique<ScriptedBus>();
        server = std::make_unique<gateway::http::Server>(options, *router, *budget, bus->inbox(),
                                                         *observer);
        server->Start();
        bus->Start(*server, std::move(script));
    }

    static bool Echo(const Request& request, Completion& completion) {
        Answer(completion, 200, request.body, "text/plain");
        return true;
    }
    static bool Hold(const Request& /*request*/, Completion& /*completion*/) { return false; }

    /// A client that has begun TLS, where the server wants it.
    HttpClient Connect(int receive_buffer = 0) const {
        HttpClient client(server->port(), receive_buffer);
        if (options.tls != nullptr) client.StartTls();
        return client;
    }
    std::uint64_t Count(Counter counter) const {
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < server->loops(); ++i) sum += server->counters(i).Get(counter);
        return sum;
    }
    bool PermitsReturn() const {
        return Eventually([this] { return budget->requests() == 0 && budget->bytes() == 0; });
    }

    struct NullObserver final : gateway::http::Observer {};
    NullObserver null_observer;
    gateway::http::Observer* observer = &null_observer;
    gateway::http::ServerOptions options;
    gateway::InflightBudget::Limits limits{
        .requests = 1000, .bytes = 8U << 20U, .upload_bytes = 4U << 20U};
    std::vector<gateway::Route> routes;
    std::unique_ptr<gateway::InflightBudget> budget;
    std::unique_ptr<gateway::http::Router> router;
    std::unique_ptr<ScriptedBus> bus;
    std::unique_ptr<gateway::http::Server> server;
};

inline std::string Get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

inline std::string Post(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

}  // namespace holdfast::test
