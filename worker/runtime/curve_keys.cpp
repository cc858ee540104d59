#include "worker/runtime/curve_keys.h"

#include <utility>

#include "proto/certificate.h"

namespace holdfast::worker {

CurveKeys::CurveKeys(std::string gateway_certificate, std::string own_certificate)
    : gateway_file(std::move(gateway_certificate)), own_file(std::move(own_certificate)) {
    gateway = curve::ReadCertificate(gateway_file).public_key;
    curve::Certificate certificate = curve::ReadSecretCertificate(own_file);
    own_public = std::move(certificate.public_key);
    own_secret = std::move(certificate.secret_key);
}

std::shared_ptr<const CurveKeys> CurveKeys::ReadAnew() const {
    return std::make_shared<const CurveKeys>(gateway_file, own_file);
}

}  // namespace holdfast::worker
