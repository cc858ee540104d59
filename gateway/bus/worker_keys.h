#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holdfast::gateway {

/// A CURVE public key, as the ZAP handler is given it.
using PublicKey = std::array<std::uint8_t, 32>;

/// The public keys of the workers that may connect. Immutable: any thread.
class WorkerKeys {
  public:
    /// All certificates (*.key) of a folder. Throws std::runtime_error that names the file, also
    /// when there is none: nobody could connect.
    explicit WorkerKeys(const std::string& folder);

    bool Contains(std::span<const std::uint8_t> key) const;
    std::size_t size() const { return keys_.size(); }

  private:
    std::vector<PublicKey> keys_;  ///< sorted
};

/// Encryption and authentication of the leg (CURVE with ZAP, RFC 25 to 27). Off when `workers` is
/// null.
struct CurveOptions {
    std::string secret_key;  ///< the gateway's, Z85
    std::shared_ptr<const WorkerKeys> workers;
};

/// The secret key in the gateway's own certificate. Throws as LoadCurve does.
std::string LoadSecretKey(const std::string& file);

/// Reads the gateway's secret certificate and the folder of its workers' public ones. Throws
/// std::runtime_error that names the file and says what is wrong, never a key.
CurveOptions LoadCurve(const std::string& secret_file, const std::string& workers_folder);

}  // namespace holdfast::gateway
