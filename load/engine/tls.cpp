#include "load/engine/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <csignal>
#include <new>

namespace holdfast::load {
namespace {

constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

bool IsNumber(const std::string& host) {
    in6_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string LastError() {
    const unsigned long code = ::ERR_peek_last_error();
    ::ERR_clear_error();
    if (code == 0) return "the connection ended during the handshake";
    const char* reason = ::ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
}

/// The names that a certificate is for, for people.
std::string NamesOf(X509* certificate) {
    std::string names;
    auto* found = static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    const int count = found != nullptr ? sk_GENERAL_NAME_num(found) : 0;
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
        if (name->type != GEN_DNS) continue;
        if (!names.empty()) names += ", ";
        names.append(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName)),
                     static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)));
    }
    ::GENERAL_NAMES_free(found);
    return names.empty() ? "no name" : names;
}

/// After a failed handshake the peer's certificate is gone, so its names are taken when it is
/// looked at. It is refused all the same.
int RememberNames(int ok, X509_STORE_CTX* store) {
    if (ok == 1) return 1;
    const auto* session = static_cast<const SSL*>(
        ::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* names = static_cast<std::string*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(session)));
    if (X509* certificate = ::X509_STORE_CTX_get_current_cert(store)) *names = NamesOf(certificate);
    return 0;
}

}  // namespace

void TlsSessionDeleter::operator()(ssl_st* session) const {
    ::SSL_free(session);
}

TlsContext::TlsContext(const Target& target, const Endpoint& endpoint)
    : host_(endpoint.host), is_number_(IsNumber(endpoint.host)) {
    std::signal(SIGPIPE, SIG_IGN);
    context_ = ::SSL_CTX_new(::TLS_client_method());
    if (context_ == nullptr) throw std::bad_alloc();
    ::SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    ::SSL_CTX_set_mode(context_,
                       SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_CTX_set_alpn_protos(context_, kAlpn.data(), kAlpn.size());
    if (target.insecure) return;
    ::SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, &RememberNames);
    SSL_CTX_set_app_data(context_, &names_);
    if (target.ca_file.empty()) {
        ::SSL_CTX_set_default_verify_paths(context_);
    } else if (::SSL_CTX_load_verify_locations(context_, target.ca_file.c_str(), nullptr) != 1) {
        const std::string why = LastError();
        ::SSL_CTX_free(context_);
        throw TargetError(target.ca_file + ": no certificates in PEM form can be read from it (" +
                          why + ")");
    }
}

TlsContext::~TlsContext() {
    ::SSL_CTX_free(context_);
}

TlsSession TlsContext::Begin(int descriptor) const {
    TlsSession session(::SSL_new(context_));
    if (session == nullptr) throw std::bad_alloc();
    ::SSL_set_fd(session.get(), descriptor);
    ::SSL_set_connect_state(session.get());
    if (is_number_) {
        ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session.get()), host_.c_str());
    } else {
        // SSL_set_tlsext_host_name, whose macro has a C cast in it.
        ::SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                   const_cast<char*>(host_.c_str()));
        ::SSL_set1_host(session.get(), host_.c_str());
    }
    return session;
}

std::string TlsContext::WhyFailed(const ssl_st* session) const {
    const long verdict = ::SSL_get_verify_result(session);
    if (verdict == X509_V_OK) return "TLS failed: " + LastError();
    ::ERR_clear_error();
    std::string why = "the certificate is not valid: ";
    why += ::X509_verify_cert_error_string(verdict);
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return why + " (it is for " + names_ + "): use that name in the URL, not " + host_;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return why + ": renew it, or look at this machine's clock";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return why + ": give its CA with --ca-file FILE, or --insecure to do without the check";
        default:
            return why + ": --insecure does without the check";
    }
}

}  // namespace holdfast::load
