#include "gateway/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string_view>

#include "gateway/http/tls_stream.h"

namespace holdfast::gateway::http {
namespace {

template <auto Function>
struct Call {
    template <typename T>
    void operator()(T* object) const {
        Function(object);
    }
};
using Bio = std::unique_ptr<BIO, Call<&::BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Call<&::EVP_PKEY_free>>;

/// Those that Mozilla's "intermediate" has for TLS 1.2, without finite-field Diffie-Hellman, which
/// lets a client make the server calculate for next to nothing. TLS 1.3 has its own.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
/// The quick ones: a client may not choose one that costs the server a millisecond.
constexpr const char* kGroups = "X25519:P-256";
/// Of a client's certificate and what leads to its CA, while it shakes hands.
constexpr long kMaxClientChain = 16 << 10;

[[noreturn]] void Fail(const std::string& file, const std::string& what) {
    throw std::runtime_error(file + ": " + what);
}

[[noreturn]] void FailWithReason(const std::string& file, const std::string& what) {
    Fail(file, what + " (" + TakeTlsReason() + ")");
}

Bio Open(const std::string& file) {
    ::ERR_clear_error();
    errno = 0;
    Bio bio(::BIO_new_file(file.c_str(), "r"));
    const int error = errno;
    ::ERR_clear_error();
    if (bio == nullptr) {
        Fail(file, std::string("cannot be read") +
                       (error == 0 ? "" : std::string(": ") + std::strerror(error)));
    }
    return bio;
}

/// Instead of asking whoever sits at the terminal; `encrypted` learns that it was needed.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* encrypted) {
    *static_cast<bool*>(encrypted) = true;
    return -1;
}

std::chrono::sys_seconds TimeOf(const ASN1_TIME* time) {
    std::tm parts{};
    ::ASN1_TIME_to_tm(time, &parts);
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
    ::SSL_CTX_free(context);
}

TlsContext::TlsContext(const TlsOptions& options) : context_(::SSL_CTX_new(::TLS_server_method())) {
    if (context_ == nullptr) throw std::bad_alloc();
    SetRules(options.min_version);
    UseCertificate(options.certificate);
    UseKey(options.key, options.certificate);
    if (!options.client_ca.empty()) AskForClientCertificates(options.client_ca);
}

void TlsContext::SetRules(TlsVersion min_version) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context,
                                  min_version == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    // A connection that is cut ends like any other: HTTP's own lengths tell whether a message was
    // whole.
    ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    ::SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // An idle connection gives its buffers back; an answer may be written in parts, from wherever
    // it lies now.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One call reads a whole record.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_max_cert_list(context, kMaxClientChain);
    if (::SSL_CTX_set_cipher_list(context, kCiphers12) != 1 ||
        SSL_CTX_set1_groups_list(context, kGroups) != 1) {
        Fail("OpenSSL", "has none of the ciphers that are allowed");
    }
    ::SSL_CTX_set_alpn_select_cb(context, &SelectProtocol, nullptr);
}

void TlsContext::UseCertificate(const std::string& file) {
    Open(file);
    if (::SSL_CTX_use_certificate_chain_file(context_.get(), file.c_str()) != 1) {
        FailWithReason(file, "holds no usable certificate in PEM form");
    }
    const X509* const certificate = ::SSL_CTX_get0_certificate(context_.get());
    expires_ = TimeOf(::X509_get0_notAfter(certificate));
    const auto now = std::chrono::system_clock::now();
    if (TimeOf(::X509_get0_notBefore(certificate)) > now) {
        warnings_.push_back(file + ": the certificate is not valid yet");
    }
}

void TlsContext::UseKey(const std::string& file, const std::string& certificate_file) {
    const Bio bio = Open(file);
    bool encrypted = false;
    const Key key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, &encrypted));
    if (encrypted) {
        ::ERR_clear_error();
        Fail(file,
             "the key is protected by a passphrase, which nobody could enter: store it without one "
             "(openssl pkey), readable by its owner alone");
    }
    if (key == nullptr) FailWithReason(file, "holds no private key in PEM form");
    X509* const certificate = ::SSL_CTX_get0_certificate(context_.get());
    if (::X509_check_private_key(certificate, key.get()) != 1) {
        ::ERR_clear_error();
        Fail(file, "the key does not belong to the certificate in " + certificate_file);
    }
    if (::SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
        FailWithReason(file, "the key cannot be used");
    }
    struct stat facts {};
    if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0) {
        warnings_.push_back(file + ": every user of this machine can read the key: chmod o-r");
    }
}

void TlsContext::AskForClientCertificates(const std::string& ca_file) {
    Open(ca_file);
    SSL_CTX* const context = context_.get();
    if (::SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        FailWithReason(ca_file, "holds no certificates in PEM form");
    }
    // What clients are told, so that they can choose the right certificate.
    ::SSL_CTX_set_client_CA_list(context, ::SSL_load_client_CA_file(ca_file.c_str()));
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace holdfast::gateway::http
