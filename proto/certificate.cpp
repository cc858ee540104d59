#include "proto/certificate.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace holdfast::curve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyLength = 40;
constexpr std::size_t kMaxFileBytes = 16 << 10;
constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

[[noreturn]] void Fail(const fs::path& file, const std::string& what) {
    throw std::runtime_error(file.string() + ": " + what);
}

std::string_view Trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The value of `name = "value"`, when the line is one.
bool TakeValue(std::string_view line, std::string_view name, std::string& into) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || Trim(line.substr(0, equals)) != name) return false;
    std::string_view value = Trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
        value = value.substr(1, value.size() - 2);
    }
    into = value;
    return true;
}

void CheckKey(const fs::path& file, const std::string& key, const char* which) {
    const bool good = key.size() == kKeyLength && std::ranges::all_of(key, [](char c) {
                          return kZ85.find(c) != std::string_view::npos;
                      });
    if (!good) Fail(file, std::string(which) + " must be 40 characters of Z85");
}

}  // namespace

Certificate ReadCertificate(const fs::path& file) {
    std::ifstream in(file);
    if (!in) Fail(file, "cannot be read");
    Certificate certificate;
    std::string line;
    std::size_t bytes = 0;
    while (std::getline(in, line)) {
        bytes += line.size() + 1;
        if (bytes > kMaxFileBytes) Fail(file, "is too large for a certificate");
        const std::string_view text = Trim(line);
        if (text.empty() || text.front() == '#') continue;
        if (TakeValue(text, "public-key", certificate.public_key)) continue;
        if (TakeValue(text, "secret-key", certificate.secret_key)) continue;
        TakeValue(text, "name", certificate.name);
    }
    if (in.bad()) Fail(file, "cannot be read");
    if (certificate.public_key.empty()) {
        Fail(file, "has no public-key; `holdfastctl keygen` makes such files");
    }
    CheckKey(file, certificate.public_key, "public-key");
    if (!certificate.secret_key.empty()) CheckKey(file, certificate.secret_key, "secret-key");
    return certificate;
}

Certificate ReadSecretCertificate(const fs::path& file) {
    Certificate certificate = ReadCertificate(file);
    if (certificate.secret_key.empty()) {
        Fail(file, "has no secret-key: it is a certificate to give away");
    }
    return certificate;
}

std::vector<Certificate> ReadCertificates(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".key") files.push_back(entry->path());
    }
    if (error) Fail(folder, "cannot be read as a folder: " + error.message());
    std::ranges::sort(files);
    std::vector<Certificate> certificates;
    for (const fs::path& file : files) {
        certificates.push_back(ReadCertificate(file));
        std::string& name = certificates.back().name;
        if (name.empty()) name = file.stem();
    }
    return certificates;
}

std::string FormatCertificate(const Certificate& certificate, bool with_secret) {
    std::string text = with_secret
                           ? "# Secret: readable by its owner alone, and never given away.\n"
                           : "# Public: may be given away.\n";
    if (!certificate.name.empty()) text += "metadata\n    name = \"" + certificate.name + "\"\n";
    text += "curve\n    public-key = \"" + certificate.public_key + "\"\n";
    if (with_secret) text += "    secret-key = \"" + certificate.secret_key + "\"\n";
    return text;
}

}  // namespace holdfast::curve
