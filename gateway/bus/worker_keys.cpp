#include "gateway/bus/worker_keys.h"

#include <zmq.h>

#include <algorithm>
#include <stdexcept>

#include "proto/certificate.h"

namespace holdfast::gateway {

WorkerKeys::WorkerKeys(const std::string& folder) {
    for (const curve::Certificate& certificate : curve::ReadCertificates(folder)) {
        PublicKey key{};
        if (zmq_z85_decode(key.data(), certificate.public_key.c_str()) == nullptr) {
            throw std::runtime_error(folder + ": the public key of '" + certificate.name +
                                     "' is not Z85");
        }
        keys_.push_back(key);
    }
    if (keys_.empty()) {
        throw std::runtime_error(folder +
                                 ": holds no worker's public certificate (*.key), so no "
                                 "worker could connect");
    }
    std::ranges::sort(keys_);
}

bool WorkerKeys::Contains(std::span<const std::uint8_t> key) const {
    PublicKey wanted{};
    if (key.size() != wanted.size()) return false;
    std::ranges::copy(key, wanted.begin());
    return std::ranges::binary_search(keys_, wanted);
}

std::string LoadSecretKey(const std::string& file) {
    return curve::ReadSecretCertificate(file).secret_key;
}

CurveOptions LoadCurve(const std::string& secret_file, const std::string& workers_folder) {
    return {LoadSecretKey(secret_file), std::make_shared<const WorkerKeys>(workers_folder)};
}

}  // namespace holdfast::gateway
