// What is said of certificates and keys that cannot be used, or are doubtful.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "gateway/http/tls_context.h"
#include "tests/support/tls/certificate.h"

namespace holdfast::test {
namespace {

using gateway::http::TlsContext;
using gateway::http::TlsOptions;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string WhyNot(const TlsOptions& options) {
    try {
        const TlsContext context(options);
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
        return error.what();
    }
    return "good";
}

TlsOptions With(const Certificate& certificate) {
    return {.certificate = certificate.certificate_file(), .key = certificate.key_file()};
}

std::vector<std::string> Warnings(const Certificate& certificate) {
    return TlsContext(With(certificate)).warnings();
}

TEST(TlsConfig, AGoodPairIsTakenAndItsEndIsKnown) {
    for (const auto kind : {Certificate::Kind::kEcdsa, Certificate::Kind::kRsa}) {
        const Certificate certificate("localhost", -hours(1), hours(48), kind);
        const TlsContext context(With(certificate));
        EXPECT_THAT(context.warnings(), IsEmpty());
        const auto left = context.expires() - std::chrono::system_clock::now();
        EXPECT_GT(left, hours(47));
        EXPECT_LE(left, hours(48));
    }
}

TEST(TlsConfig, AFileThatCannotBeReadIsNamedWithTheReason) {
    const Certificate certificate("localhost");
    TlsOptions options = With(certificate);
    options.certificate = "/no/such/cert.pem";
    EXPECT_EQ(WhyNot(options), "/no/such/cert.pem: cannot be read: No such file or directory");
    options = With(certificate);
    options.key = "/no/such/key.pem";
    EXPECT_EQ(WhyNot(options), "/no/such/key.pem: cannot be read: No such file or directory");
    options = With(certificate);
    options.client_ca = "/no/such/ca.pem";
    EXPECT_EQ(WhyNot(options), "/no/such/ca.pem: cannot be read: No such file or directory");
}

TEST(TlsConfig, AFileWithSomethingElseInItIsNamed) {
    const Certificate certificate("localhost");
    const std::string other =
        std::filesystem::path(certificate.key_file()).parent_path() / "other.pem";
    std::ofstream(other) << "-----BEGIN SOMETHING-----\nnot this\n";
    EXPECT_THAT(WhyNot({.certificate = other, .key = certificate.key_file()}),
                StartsWith(other + ": holds no usable certificate in PEM form ("));
    EXPECT_THAT(WhyNot({.certificate = certificate.certificate_file(), .key = other}),
                StartsWith(other + ": holds no private key in PEM form ("));
    TlsOptions options = With(certificate);
    options.client_ca = other;
    EXPECT_THAT(WhyNot(options), StartsWith(other + ": holds no certificates in PEM form ("));
}

TEST(TlsConfig, AKeyOfAnotherCertificateIsRefused) {
    const Certificate certificate("localhost");
    const Certificate another("localhost");
    const Certificate rsa("localhost", -hours(1), hours(48), Certificate::Kind::kRsa);
    for (const Certificate* wrong : {&another, &rsa}) {
        EXPECT_EQ(WhyNot({.certificate = certificate.certificate_file(), .key = wrong->key_file()}),
                  wrong->key_file() + ": the key does not belong to the certificate in " +
                      certificate.certificate_file());
    }
}

TEST(TlsConfig, AKeyUnderAPassphraseIsRefusedWithoutAskingForIt) {
    const Certificate certificate("localhost");
    const std::string why = WhyNot(
        {.certificate = certificate.certificate_file(), .key = certificate.encrypted_key_file()});
    EXPECT_THAT(why, HasSubstr("protected by a passphrase"));
}

TEST(TlsConfig, WhatIsDoubtfulIsAWarning) {
    const Certificate early("localhost", hours(24), hours(48));
    EXPECT_THAT(Warnings(early), ElementsAre(EndsWith("the certificate is not valid yet")));
    const Certificate open("localhost");
    ASSERT_EQ(::chmod(open.key_file().c_str(), 0644), 0);
    EXPECT_THAT(Warnings(open), ElementsAre(HasSubstr("every user of this machine")));
}

}  // namespace
}  // namespace holdfast::test
