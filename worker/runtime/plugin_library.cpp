#include "worker/runtime/plugin_library.h"

#include <dlfcn.h>
#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace holdfast::worker {
namespace {

constexpr std::size_t kMaxServices = 64;
constexpr std::size_t kMaxName = 128;

std::string AbiText(const holdfast_abi& abi) {
    return std::to_string(abi.major) + "." + std::to_string(abi.minor);
}

bool GoodName(const char* name) {
    return name != nullptr && *name != '\0' && ::strnlen(name, kMaxName + 1) <= kMaxName;
}

std::string LoadError() {
    const char* const text = ::dlerror();
    return text == nullptr ? "unknown error" : text;
}

/// dlopen maps what the headers promise, and a file that ends before raises SIGBUS there.
bool IsCutShort(const std::filesystem::path& path) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    Elf64_Ehdr header{};
    file.read(static_cast<char*>(static_cast<void*>(&header)), sizeof header);
    if (error || !file) return true;
    // Anything else about the file is for dlopen to judge.
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
    for (std::uint16_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        file.seekg(static_cast<std::streamoff>(header.e_phoff + i * sizeof segment));
        file.read(static_cast<char*>(static_cast<void*>(&segment)), sizeof segment);
        if (!file || segment.p_offset > size || segment.p_filesz > size - segment.p_offset) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string CheckPlugin(const holdfast_plugin_v1* plugin, const std::string& file) {
    const holdfast_abi host = HOLDFAST_ABI_INIT;
    const std::string who = "plugin " + file + ": ";
    if (plugin == nullptr) return who + "holdfast_plugin() returned no description";
    if (plugin->abi.magic != HOLDFAST_ABI_MAGIC) {
        return who + "holdfast_plugin() did not return a Holdfast plugin's description";
    }
    if (plugin->abi.major != host.major) {
        const char* const built = plugin->abi.built_with;
        return who + "it speaks plugin interface " + AbiText(plugin->abi) + " (built with " +
               (built == nullptr ? "unknown" : built) + "), this worker " + AbiText(host) +
               " (built with " + host.built_with + "): build it against this worker's SDK";
    }
    if (!HOLDFAST_HAS(plugin, holdfast_plugin_v1, destroy)) {
        return who + "its description is truncated";
    }
    if (!GoodName(plugin->name) || !GoodName(plugin->version)) {
        return who + "it has no name or no version";
    }
    if (plugin->create == nullptr || plugin->handle == nullptr || plugin->destroy == nullptr) {
        return who + "create, handle or destroy is missing";
    }
    if (plugin->services == nullptr || plugin->service_count == 0 ||
        plugin->service_count > kMaxServices) {
        return who + "it must serve 1 to " + std::to_string(kMaxServices) + " services";
    }
    for (std::size_t i = 0; i < plugin->service_count; ++i) {
        if (!GoodName(plugin->services[i])) return who + "a service's name is empty or too long";
    }
    return {};
}

PluginLibrary::PluginLibrary(const std::string& file) {
    std::error_code ignored;
    const std::filesystem::path path = std::filesystem::absolute(file, ignored);
    if (!std::filesystem::exists(path, ignored)) {
        throw PluginError("plugin " + file + ": no such file");
    }
    if (IsCutShort(path)) throw PluginError("plugin " + file + ": cannot load: it is cut short");
    handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) throw PluginError("plugin " + file + ": cannot load: " + LoadError());
    const auto describe =
        reinterpret_cast<holdfast_plugin_function>(::dlsym(handle_, HOLDFAST_PLUGIN_SYMBOL));
    std::string problem;
    if (describe == nullptr) {
        problem = "plugin " + file + ": not a Holdfast plugin: it exports no " +
                  HOLDFAST_PLUGIN_SYMBOL + "()";
    } else {
        plugin_ = describe();
        problem = CheckPlugin(plugin_, file);
    }
    if (!problem.empty()) {
        ::dlclose(handle_);
        throw PluginError(problem);
    }
}

PluginLibrary::~PluginLibrary() {
    ::dlclose(handle_);
}

std::vector<std::string> PluginLibrary::Services() const {
    return {plugin_->services, plugin_->services + plugin_->service_count};
}

}  // namespace holdfast::worker
