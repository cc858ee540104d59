#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "ctl/verb.h"
#include "proto/certificate.h"

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kZ85Key = 41;  ///< with its NUL
constexpr mode_t kPublicMode = 0644;
constexpr mode_t kSecretMode = 0600;

/// Never over a file that is there: a key that is lost cannot be made again.
void WriteNew(const fs::path& file, const std::string& text, mode_t mode) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        if (errno == EEXIST)
            throw BadUsage(file.string() + " is there already: choose another name");
        throw BadUsage(file.string() + ": " + std::generic_category().message(errno));
    }
    const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (whole) return;
    ::unlink(file.c_str());
    throw BadUsage(file.string() + ": " + std::generic_category().message(error));
}

class Keygen final : public Verb {
  public:
    const char* name() const override { return "keygen"; }
    const char* help() const override {
        return "Makes a certificate for an encrypted leg: NAME.key and NAME.key_secret";
    }
    void AddOptions(CLI::App& app) override {
        app.add_option("NAME", name_, "A worker's or a gateway's; letters, digits, '.', '_', '-'")
            ->required()
            ->check([](const std::string& name) {
                const bool good = !name.empty() && name.size() <= 64 && name.front() != '.' &&
                                  name.find_first_not_of(
                                      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789._-") == std::string::npos;
                return good ? std::string() : "'" + name + "' is no such name";
            });
        app.add_option("--dir", folder_, "Where the files go")->capture_default_str();
    }

    int Run(const Context& context) override {
        std::array<char, kZ85Key> public_key{};
        std::array<char, kZ85Key> secret_key{};
        if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
            throw BadUsage("this libzmq was built without CURVE");
        }
        const curve::Certificate certificate{name_, public_key.data(), secret_key.data()};
        const fs::path secret = fs::path(folder_) / (name_ + ".key_secret");
        const fs::path given = fs::path(folder_) / (name_ + ".key");
        std::error_code unreadable;  // then writing says why
        if (fs::exists(given, unreadable)) {
            throw BadUsage(given.string() + " is there already: choose another name");
        }
        WriteNew(secret, curve::FormatCertificate(certificate, true), kSecretMode);
        try {
            WriteNew(given, curve::FormatCertificate(certificate, false), kPublicMode);
        } catch (...) {
            ::unlink(secret.c_str());
            throw;
        }
        context.out << secret.string() << "  stays with its owner\n"
                    << given.string() << "  goes to the other side\n";
        return kOk;
    }

  private:
    std::string name_;
    std::string folder_ = ".";
};

}  // namespace

Verb& KeygenVerb() {
    static Keygen verb;
    return verb;
}

}  // namespace holdfast::ctl
