// https: whom the engine trusts, and what it says when it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/component/load_engine/engine_run.h"
#include "tests/support/tls/certificate.h"

namespace holdfast::load {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

using std::chrono::hours;
using test::Certificate;

constexpr hours kDay{24};

ScriptedServer::Tls TlsOf(const Certificate& certificate) {
    return {certificate.certificate_file(), certificate.key_file()};
}

ScriptedServer::Script Good() {
    return [](const Asked& asked) { return Reply{.bytes = Echo(asked)}; };
}

std::string WhyNot(const std::string& url, const std::string& ca_file, bool insecure = false) {
    const Flow flow = OneGet();
    EngineOptions options = OpenLoad(url, 1, seconds(1));
    options.target.ca_file = ca_file;
    options.target.insecure = insecure;
    try {
        Engine(flow, options).Probe();
    } catch (const TargetError& error) {
        EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
        return error.what();
    }
    return "accepted";
}

TEST(TlsTest, ARunThroughTlsIsARunLikeAnyOther) {
    const Certificate certificate("localhost");
    ScriptedServer server(Good(), TlsOf(certificate));
    EngineOptions options = OpenLoad(server.Url(), 100, milliseconds(500), 4);
    options.target.ca_file = certificate.certificate_file();
    const Measured measured = RunEngine(OneGet(), options);
    EXPECT_EQ(measured.Text(), "good 100");
    EXPECT_LE(server.connections(), 4U);
}

TEST(TlsTest, LargeBodiesGoBothWays) {
    const std::string large(1'000'000, 'x');
    const Certificate certificate("localhost");
    ScriptedServer server(
        [&](const Asked& asked) { return Reply{.bytes = HttpAnswer(asked.body)}; },
        TlsOf(certificate));
    EngineOptions options = OpenLoad(server.Url(), 3, seconds(1));
    options.target.ca_file = certificate.certificate_file();
    const Measured measured = RunEngine(FakeFlow({FakeStep("POST", "/", {}, large)}), options);
    EXPECT_EQ(measured.Text(), "good 3");
    EXPECT_GT(measured.step().bytes_in, 3 * large.size());
}

TEST(TlsTest, ACertificateOfAnUnknownCaIsRefusedWithWhatToDo) {
    const Certificate certificate("localhost");
    const Certificate another("localhost");
    ScriptedServer server(Good(), TlsOf(certificate));
    EXPECT_EQ(WhyNot(server.Url(), certificate.certificate_file()), "accepted");
    EXPECT_THAT(WhyNot(server.Url(), ""), HasSubstr("--ca-file FILE"));
    EXPECT_NE(WhyNot(server.Url(), another.certificate_file()), "accepted");
    EXPECT_EQ(WhyNot(server.Url(), "", true), "accepted");
}

TEST(TlsTest, ACertificateForAnotherHostIsRefusedByItsName) {
    const Certificate certificate("shop.example");
    ScriptedServer server(Good(), TlsOf(certificate));
    const std::string why = WhyNot(server.Url(), certificate.certificate_file());
    EXPECT_THAT(why, HasSubstr("it is for shop.example"));
    EXPECT_THAT(why, HasSubstr("not localhost"));
    const std::string number = "https://127.0.0.1:" + std::to_string(server.port());
    EXPECT_THAT(WhyNot(number, certificate.certificate_file()), HasSubstr("not 127.0.0.1"));
}

TEST(TlsTest, ACertificateOutOfItsTimeIsRefused) {
    const Certificate expired("localhost", -2 * kDay, -kDay);
    ScriptedServer server(Good(), TlsOf(expired));
    EXPECT_THAT(WhyNot(server.Url(), expired.certificate_file()), HasSubstr("expired"));
    const Certificate early("localhost", kDay, 2 * kDay);
    ScriptedServer next(Good(), TlsOf(early));
    EXPECT_THAT(WhyNot(next.Url(), early.certificate_file()), HasSubstr("not yet valid"));
}

TEST(TlsTest, AServerThatSpeaksNoTlsIsSaid) {
    ScriptedServer server([](const Asked&) { return Reply{}; });
    const std::string url = "https://localhost:" + std::to_string(server.port());
    // It would wait for the end of a request's head, for ever.
    std::jthread ends([&server] {
        while (server.connections() == 0) std::this_thread::sleep_for(milliseconds(1));
        std::this_thread::sleep_for(milliseconds(50));
        server.Stop();
    });
    EXPECT_THAT(WhyNot(url, ""), HasSubstr("TLS"));
}

TEST(TlsTest, ACaFileThatCannotBeReadIsNamed) {
    EXPECT_THAT(WhyNot("https://127.0.0.1:9", "/no/such/file.pem"),
                HasSubstr("/no/such/file.pem: no certificates"));
}

TEST(TlsTest, ACertificateThatFailsInARunIsAConnectError) {
    const Certificate certificate("localhost");
    ScriptedServer server(Good(), TlsOf(certificate));
    const Measured measured = RunEngine(OneGet(), OpenLoad(server.Url(), 20, milliseconds(200)));
    EXPECT_EQ(measured.Text(), "connect 20");
    EXPECT_THAT(measured.all.notes, ::testing::Contains(HasSubstr("--ca-file")));
}

}  // namespace
}  // namespace holdfast::load
