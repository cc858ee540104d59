// https: whom the engine trusts, and what it says when it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/component/load_engine/engine_run.h"

namespace holdfast::load {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr long kDay = 24 * 60 * 60;

/// A self-signed certificate and its key as files, in a folder of their own.
class Certificate {
  public:
    /// Valid from `from` to `to`, in seconds from now.
    explicit Certificate(const std::string& name, long from = -kDay, long to = kDay) {
        std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-tls-XXXXXX");
        folder_ = ::mkdtemp(pattern.data());
        std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(::EVP_EC_gen("P-256"),
                                                                  &::EVP_PKEY_free);
        std::unique_ptr<X509, decltype(&::X509_free)> made(::X509_new(), &::X509_free);
        ::X509_set_version(made.get(), 2);
        ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1);
        ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), from);
        ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), to);
        ::X509_set_pubkey(made.get(), key.get());
        X509_NAME* subject = ::X509_get_subject_name(made.get());
        ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>("Holdfast test"), -1,
                                     -1, 0);
        ::X509_set_issuer_name(made.get(), subject);
        Extend(made.get(), NID_subject_alt_name, "DNS:" + name);
        Extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
        ::X509_sign(made.get(), key.get(), ::EVP_sha256());
        Write(certificate_file(), [&](FILE* file) { ::PEM_write_X509(file, made.get()); });
        Write(key_file(), [&](FILE* file) {
            ::PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~Certificate() { std::filesystem::remove_all(folder_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    std::string certificate_file() const { return folder_ / "certificate.pem"; }
    std::string key_file() const { return folder_ / "key.pem"; }
    ScriptedServer::Tls Tls() const { return {certificate_file(), key_file()}; }

  private:
    static void Extend(X509* certificate, int kind, const std::string& value) {
        X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        ::X509_add_ext(certificate, extension, -1);
        ::X509_EXTENSION_free(extension);
    }
    template <typename Body>
    static void Write(const std::string& path, Body&& body) {
        FILE* file = std::fopen(path.c_str(), "w");
        body(file);
        std::fclose(file);
    }

    std::filesystem::path folder_;
};

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
    ScriptedServer server(Good(), certificate.Tls());
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
        certificate.Tls());
    EngineOptions options = OpenLoad(server.Url(), 3, seconds(1));
    options.target.ca_file = certificate.certificate_file();
    const Measured measured = RunEngine(FakeFlow({FakeStep("POST", "/", {}, large)}), options);
    EXPECT_EQ(measured.Text(), "good 3");
    EXPECT_GT(measured.step().bytes_in, 3 * large.size());
}

TEST(TlsTest, ACertificateOfAnUnknownCaIsRefusedWithWhatToDo) {
    const Certificate certificate("localhost");
    const Certificate another("localhost");
    ScriptedServer server(Good(), certificate.Tls());
    EXPECT_EQ(WhyNot(server.Url(), certificate.certificate_file()), "accepted");
    EXPECT_THAT(WhyNot(server.Url(), ""), HasSubstr("--ca-file FILE"));
    EXPECT_NE(WhyNot(server.Url(), another.certificate_file()), "accepted");
    EXPECT_EQ(WhyNot(server.Url(), "", true), "accepted");
}

TEST(TlsTest, ACertificateForAnotherHostIsRefusedByItsName) {
    const Certificate certificate("shop.example");
    ScriptedServer server(Good(), certificate.Tls());
    const std::string why = WhyNot(server.Url(), certificate.certificate_file());
    EXPECT_THAT(why, HasSubstr("it is for shop.example"));
    EXPECT_THAT(why, HasSubstr("not localhost"));
    const std::string number = "https://127.0.0.1:" + std::to_string(server.port());
    EXPECT_THAT(WhyNot(number, certificate.certificate_file()), HasSubstr("not 127.0.0.1"));
}

TEST(TlsTest, ACertificateOutOfItsTimeIsRefused) {
    const Certificate expired("localhost", -2 * kDay, -kDay);
    ScriptedServer server(Good(), expired.Tls());
    EXPECT_THAT(WhyNot(server.Url(), expired.certificate_file()), HasSubstr("expired"));
    const Certificate early("localhost", kDay, 2 * kDay);
    ScriptedServer next(Good(), early.Tls());
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
    ScriptedServer server(Good(), certificate.Tls());
    const Measured measured = RunEngine(OneGet(), OpenLoad(server.Url(), 20, milliseconds(200)));
    EXPECT_EQ(measured.Text(), "connect 20");
    EXPECT_THAT(measured.all.notes, ::testing::Contains(HasSubstr("--ca-file")));
}

}  // namespace
}  // namespace holdfast::load
