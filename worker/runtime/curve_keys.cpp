#include "worker/runtime/curve_keys.h"

#include <utility>

#include "proto/certificate.h"

namespace holdfast::worker {

CurveKeys::CurveKeys(const std::string& gateway_file, const std::string& own_file) {
    gateway = curve::ReadCertificate(gateway_file).public_key;
    curve::Certificate own = curve::ReadSecretCertificate(own_file);
    own_public = std::move(own.public_key);
    own_secret = std::move(own.secret_key);
}

}  // namespace holdfast::worker
