#pragma once

#include <memory>
#include <string>

namespace holdfast::worker {

/// What encrypts the leg (CURVE): Z85 keys of 40 characters. Immutable.
struct CurveKeys {
    /// Reads the gateways' public certificate and this worker's secret one. Throws
    /// std::runtime_error that names the file and says what is wrong, never a key.
    CurveKeys(std::string gateway_certificate, std::string own_certificate);

    /// What the same files hold now. Throws as the constructor does.
    std::shared_ptr<const CurveKeys> ReadAnew() const;

    std::string gateway_file;
    std::string own_file;
    std::string gateway;  ///< the public key of the gateways; all of them have the same
    std::string own_public;
    std::string own_secret;
};

}  // namespace holdfast::worker
