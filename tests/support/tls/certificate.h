#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace holdfast::test {

/// A self-signed certificate and its key as PEM files, in a folder of their own that goes with this
/// object. It may also stand for its own CA.
class Certificate {
  public:
    enum class Kind { kEcdsa, kRsa };

    /// Valid from `from` to `to`, from now.
    explicit Certificate(const std::string& host,
                         std::chrono::seconds from = -std::chrono::hours(24),
                         std::chrono::seconds to = std::chrono::hours(24 * 90),
                         Kind kind = Kind::kEcdsa);
    ~Certificate();
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    std::string certificate_file() const { return folder_ / "certificate.pem"; }
    std::string key_file() const { return folder_ / "key.pem"; }
    /// The same key, under a passphrase.
    std::string encrypted_key_file() const;

  private:
    std::filesystem::path folder_;
};

}  // namespace holdfast::test
