#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::curve {

/// One side's CURVE keys (RFC 26/CurveZMQ), as both programs of the leg keep them in files: the
/// text format of CZMQ's zcert and pyzmq's zmq.auth. Keys are Z85 text, 40 characters.
struct Certificate {
    std::string name;  ///< for people; may be empty
    std::string public_key;
    std::string secret_key;  ///< empty in a file that may be given away
};

/// Throws std::runtime_error, "FILE: what is wrong". Never quotes a key.
Certificate ReadCertificate(const std::filesystem::path& file);

/// The same of a side's own file, which must hold the secret key too.
Certificate ReadSecretCertificate(const std::filesystem::path& file);

/// Those of all files "*.key" in `folder`, by file name; a file without a name of its own gets
/// that. Throws as ReadCertificate does, and when the folder cannot be read.
std::vector<Certificate> ReadCertificates(const std::filesystem::path& folder);

/// The file's text. Without `with_secret` it may be given away.
std::string FormatCertificate(const Certificate& certificate, bool with_secret);

}  // namespace holdfast::curve
