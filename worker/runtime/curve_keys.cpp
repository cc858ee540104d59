#include "worker/runtime/curve_keys.h"

#include <stdexcept>
#include <utility>

#include "proto/certificate.h"

namespace holdfast::worker {

CurveKeys::CurveKeys(const std::string& gateway_file, const std::string& own_file) {
    gateway = curve::ReadCertificate(gateway_file).public_key;
    curve::Certificate own = curve::ReadCertificate(own_file);
    if (own.secret_key.empty()) {
        throw std::runtime_error(own_file +
                                 ": has no secret-key: it is a certificate to give away");
    }
    own_public = std::move(own.public_key);
    own_secret = std::move(own.secret_key);
}

}  // namespace holdfast::worker
