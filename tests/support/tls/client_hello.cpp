#include "tests/support/tls/client_hello.h"

#include <openssl/ssl.h>

namespace holdfast::test {

std::string ClientHello() {
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_client_method());
    SSL* const session = ::SSL_new(context);
    BIO* const out = ::BIO_new(::BIO_s_mem());
    ::SSL_set_bio(session, ::BIO_new(::BIO_s_mem()), out);
    ::SSL_connect(session);
    std::string bytes(::BIO_ctrl_pending(out), '\0');
    ::BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    ::SSL_free(session);
    ::SSL_CTX_free(context);
    return bytes;
}

}  // namespace holdfast::test
