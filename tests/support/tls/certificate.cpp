#include "tests/support/tls/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace holdfast::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;

void Extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ::X509_add_ext(certificate, extension, -1);
    ::X509_EXTENSION_free(extension);
}

template <typename Body>
void Write(const std::string& path, mode_t mode, Body&& body) {
    FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + path);
    ::chmod(path.c_str(), mode);
    body(file);
    std::fclose(file);
}

}  // namespace

Certificate::Certificate(const std::string& host, std::chrono::seconds from,
                         std::chrono::seconds to, Kind kind) {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-tls-XXXXXX");
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    folder_ = pattern;
    const Key key(kind == Kind::kRsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), &::EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&::X509_free)> made(::X509_new(), &::X509_free);
    ::X509_set_version(made.get(), 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), from.count());
    ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), to.count());
    ::X509_set_pubkey(made.get(), key.get());
    X509_NAME* subject = ::X509_get_subject_name(made.get());
    // Different for each, or one would be taken for the issuer of another.
    const std::string name = "Holdfast test " + folder_.filename().string();
    ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    ::X509_set_issuer_name(made.get(), subject);
    Extend(made.get(), NID_subject_alt_name, "DNS:" + host);
    Extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    ::X509_sign(made.get(), key.get(), ::EVP_sha256());
    Write(certificate_file(), 0644, [&](FILE* file) { ::PEM_write_X509(file, made.get()); });
    Write(key_file(), 0600, [&](FILE* file) {
        ::PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

Certificate::~Certificate() {
    std::filesystem::remove_all(folder_);
}

std::string Certificate::encrypted_key_file() const {
    const std::string path = folder_ / "encrypted.pem";
    FILE* from = std::fopen(key_file().c_str(), "r");
    const Key key(::PEM_read_PrivateKey(from, nullptr, nullptr, nullptr), &::EVP_PKEY_free);
    std::fclose(from);
    Write(path, 0600, [&](FILE* file) {
        const unsigned char phrase[] = "hunter2";
        ::PEM_write_PrivateKey(file, key.get(), ::EVP_aes_256_cbc(), phrase, sizeof phrase - 1,
                               nullptr, nullptr);
    });
    return path;
}

}  // namespace holdfast::test
