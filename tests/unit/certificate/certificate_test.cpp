#include "proto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace holdfast::curve {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
constexpr const char* kSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

class CertificateFile : public ::testing::Test {
  protected:
    CertificateFile()
        : folder_(fs::temp_directory_path() / ("holdfast-keys-" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~CertificateFile() override { fs::remove_all(folder_); }

    fs::path Write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }
    std::string ErrorOf(const std::string& text) const {
        try {
            ReadCertificate(Write("bad.key", text));
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "read";
    }

    fs::path folder_;
};

TEST_F(CertificateFile, WhatIsFormattedIsRead) {
    const Certificate own{"gateway", kPublic, kSecret};
    const Certificate read = ReadCertificate(Write("a", FormatCertificate(own, true)));
    EXPECT_EQ(read.name, "gateway");
    EXPECT_EQ(read.public_key, kPublic);
    EXPECT_EQ(read.secret_key, kSecret);
}

TEST_F(CertificateFile, WhatIsGivenAwayHoldsNoSecret) {
    const std::string text = FormatCertificate({"w", kPublic, kSecret}, false);
    EXPECT_THAT(text, AllOf(HasSubstr(kPublic), Not(HasSubstr(kSecret))));
    EXPECT_EQ(ReadCertificate(Write("a", text)).secret_key, "");
}

TEST_F(CertificateFile, TakesTheFilesOfPyzmqAndCzmq) {
    const fs::path file = Write("a",
                                "#   ****  Generated on 2022-11-21 by pyzmq  ****\r\n"
                                "#   ZeroMQ CURVE Public Certificate\r\n\r\n"
                                "metadata\r\n    email = \"x@y\"\r\ncurve\r\n    public-key = \"" +
                                    std::string(kPublic) + "\"\r\n");
    EXPECT_EQ(ReadCertificate(file).public_key, kPublic);
}

TEST_F(CertificateFile, ErrorsNameTheFileAndNeverQuoteAKey) {
    EXPECT_THAT(ErrorOf(""), AllOf(HasSubstr("bad.key"), HasSubstr("has no public-key")));
    const std::string cut = ErrorOf("public-key = \"" + std::string(kPublic).substr(1) + "\"");
    EXPECT_THAT(cut, AllOf(HasSubstr("bad.key: public-key must be 40 characters of Z85"),
                           Not(HasSubstr("ne@$w"))));
    EXPECT_THAT(ErrorOf("public-key = \"" + std::string(kPublic) + "\"\nsecret-key = \"" +
                        std::string(39, 'a') + "~\""),
                HasSubstr("secret-key must be"));
    EXPECT_THAT(ErrorOf(std::string(20000, 'x')), HasSubstr("too large"));
    EXPECT_THROW(ReadCertificate(folder_ / "none"), std::runtime_error);
}

TEST_F(CertificateFile, AFolderGivesItsPublicFilesByName) {
    Write("b.key", FormatCertificate({"", kPublic, ""}, false));
    Write("a.key", FormatCertificate({"first", kPublic, ""}, false));
    Write("a.key_secret", "not looked at");
    const auto all = ReadCertificates(folder_);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "first");
    EXPECT_EQ(all[1].name, "b");
    EXPECT_THROW(ReadCertificates(folder_ / "none"), std::runtime_error);
}

}  // namespace
}  // namespace holdfast::curve
