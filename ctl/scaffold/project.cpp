#include "ctl/scaffold/project.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>

#include "ctl/bad_usage.h"

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

// Words of the SDK that a class or a folder of that name would hide, and plugins that exist.
constexpr std::array<std::string_view, 16> kReserved = {
    "async_plugin", "echo",        "fields", "gateway", "holdfast",  "host", "log_level", "orders",
    "plugin",       "plugin_name", "reply",  "request", "responder", "std",  "test",      "worker"};

bool IsLower(char c) {
    return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
    return c >= '0' && c <= '9';
}

/// quote_server -> QuoteServer
std::string ClassName(std::string_view name) {
    std::string result;
    bool capital = true;
    for (const char c : name) {
        if (c != '_') result += capital && IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
        capital = c == '_';
    }
    return result;
}

/// "0.1": what a project asks find_package for.
std::string MajorMinor() {
    const std::string version = HOLDFAST_VERSION;
    return version.substr(0, version.find('.', version.find('.') + 1));
}

std::string Filled(std::string_view text, const std::string& name) {
    const std::array<std::pair<std::string_view, std::string>, 3> words = {
        {{"plugin_name", name}, {"PluginName", ClassName(name)}, {"@version@", MajorMinor()}}};
    std::string result(text);
    for (const auto& [placeholder, word] : words) {
        for (std::size_t at = 0; (at = result.find(placeholder, at)) != std::string::npos;
             at += word.size()) {
            result.replace(at, placeholder.size(), word);
        }
    }
    return result;
}

void WriteFile(const fs::path& path, const std::string& text) {
    const auto fail = [&path] {
        throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
    };
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wxe"),
                                                         &std::fclose);
    if (!file) fail();
    if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size()) fail();
    // What a full disk does not take is known here at the latest.
    if (std::fclose(file.release()) != 0) fail();
}

/// A folder that goes with everything in it unless it was moved away.
class Draft {
  public:
    explicit Draft(fs::path folder) : folder_(std::move(folder)) {
        std::error_code error;
        if (!fs::create_directory(folder_, error)) {
            throw BadUsage("cannot make a folder in " + folder_.parent_path().string() + ": " +
                           error.message());
        }
    }
    ~Draft() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    const fs::path& folder() const { return folder_; }

  private:
    const fs::path folder_;
};

}  // namespace

std::string WhyNoPluginName(const std::string& name) {
    const auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; };
    if (name.empty() || !IsLower(name.front()) || !std::ranges::all_of(name, allowed)) {
        return "it needs a-z, 0-9 and _, a letter first";
    }
    if (name.ends_with('_') || name.find("__") != std::string::npos) {
        return "_ is only right between two words";
    }
    if (name.size() > kMaxPluginName) {
        return "it has more than " + std::to_string(kMaxPluginName) + " characters";
    }
    if (std::ranges::find(kReserved, name) != kReserved.end()) return "that word is taken";
    return {};
}

void WriteProject(const std::string& name, std::span<const TemplateFile> files,
                  const fs::path& folder) {
    fs::path target = fs::absolute(folder).lexically_normal();
    if (!target.has_filename()) target = target.parent_path();  // it ended with a slash
    if (fs::exists(fs::symlink_status(target))) {
        throw BadUsage(folder.string() + " exists already");
    }
    // Beside the target, so that it becomes the target in one step.
    const Draft draft(target.parent_path() / ("." + name + ".new-" + std::to_string(getpid())));
    for (const TemplateFile& file : files) {
        const fs::path path = draft.folder() / Filled(file.path, name);
        fs::create_directories(path.parent_path());
        WriteFile(path, Filled(file.text, name));
    }
    fs::rename(draft.folder(), target);
}

}  // namespace holdfast::ctl
