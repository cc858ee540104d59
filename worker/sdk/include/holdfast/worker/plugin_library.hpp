#pragma once

#include <dlfcn.h>
#include <elf.h>
#include <holdfast/worker/plugin.h>
#include <holdfast/worker/plugin_error.hpp>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::worker {

namespace detail {

inline constexpr std::size_t kMaxServices = 64;
inline constexpr std::size_t kMaxName = 128;

inline std::string AbiText(const holdfast_abi& abi) {
    return std::to_string(abi.major) + "." + std::to_string(abi.minor);
}

inline bool GoodName(const char* name) {
    return name != nullptr && *name != '\0' && ::strnlen(name, kMaxName + 1) <= kMaxName;
}

inline constexpr unsigned kThisMachine =
#if defined(__x86_64__)
    EM_X86_64;
#elif defined(__aarch64__)
    EM_AARCH64;
#elif defined(__riscv)
    EM_RISCV;
#elif defined(__powerpc64__)
    EM_PPC64;
#else
    EM_NONE;
#endif

inline std::string MachineName(unsigned machine) {
    switch (machine) {
        case EM_386:
            return "x86 (32 bits)";
        case EM_X86_64:
            return "x86-64";
        case EM_ARM:
            return "ARM (32 bits)";
        case EM_AARCH64:
            return "AArch64";
        case EM_RISCV:
            return "RISC-V";
        case EM_PPC64:
            return "POWER";
        case EM_S390:
            return "S/390";
        default:
            return "machine " + std::to_string(machine);
    }
}

/// Why the file cannot be a shared object of this machine; empty for all that dlopen is to judge.
/// dlopen maps what the headers promise, and a file that ends before raises SIGBUS there.
inline std::string CheckFile(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return "no such file";
    if (!std::filesystem::is_regular_file(path, error)) return "not a file";
    const std::uint64_t size = std::filesystem::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    if (error || !file) return "cannot load: it cannot be read";
    Elf64_Ehdr header{};
    file.read(static_cast<char*>(static_cast<void*>(&header)), sizeof header);
    if (!file) return "cannot load: it is cut short";
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
    // Of another machine's file dlopen says that there is no such file. The place of e_machine is
    // the same in 32 and 64 bits.
    if (kThisMachine != EM_NONE && header.e_machine != kThisMachine) {
        return "cannot load: it is built for " + MachineName(header.e_machine) +
               ", this worker for " + MachineName(kThisMachine);
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64) return {};
    // The sections' headers come last: a file without them is cut, though it could be mapped.
    const std::uint64_t sections = std::uint64_t{header.e_shnum} * header.e_shentsize;
    if (header.e_shoff > size || sections > size - header.e_shoff) {
        return "cannot load: it is cut short";
    }
    for (std::uint16_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        file.seekg(static_cast<std::streamoff>(header.e_phoff + i * sizeof segment));
        file.read(static_cast<char*>(static_cast<void*>(&segment)), sizeof segment);
        if (!file || segment.p_offset > size || segment.p_filesz > size - segment.p_offset) {
            return "cannot load: it is cut short";
        }
    }
    return {};
}

}  // namespace detail

/// Why a description cannot be used; empty when it can. `file` is for the text.
inline std::string CheckPlugin(const holdfast_plugin_v1* plugin, const std::string& file) {
    const holdfast_abi host = HOLDFAST_ABI_INIT;
    const std::string who = "plugin " + file + ": ";
    if (plugin == nullptr) return who + "holdfast_plugin() returned no description";
    if (plugin->abi.magic != HOLDFAST_ABI_MAGIC) {
        return who + "holdfast_plugin() did not return a Holdfast plugin's description";
    }
    if (plugin->abi.major != host.major) {
        const char* const built = plugin->abi.built_with;
        return who + "it speaks plugin interface " + detail::AbiText(plugin->abi) +
               " (built with " + (built == nullptr ? "unknown" : built) + "), this worker " +
               detail::AbiText(host) + " (built with " + host.built_with +
               "): build it against this worker's SDK";
    }
    if (!HOLDFAST_HAS(plugin, holdfast_plugin_v1, destroy)) {
        return who + "its description is truncated";
    }
    if (!detail::GoodName(plugin->name) || !detail::GoodName(plugin->version)) {
        return who + "it has no name or no version";
    }
    if (plugin->create == nullptr || plugin->handle == nullptr || plugin->destroy == nullptr) {
        return who + "create, handle or destroy is missing";
    }
    if (plugin->services == nullptr || plugin->service_count == 0 ||
        plugin->service_count > detail::kMaxServices) {
        return who + "it must serve 1 to " + std::to_string(detail::kMaxServices) + " services";
    }
    for (std::size_t i = 0; i < plugin->service_count; ++i) {
        if (!detail::GoodName(plugin->services[i])) {
            return who + "a service's name is empty or too long";
        }
        for (std::size_t other = 0; other < i; ++other) {
            if (std::strcmp(plugin->services[i], plugin->services[other]) == 0) {
                return who + "it names the service " + plugin->services[i] + " twice";
            }
        }
    }
    return {};
}

/// A loaded shared object whose version block and description have been checked.
/// Thread: one. It stays mapped until it is destroyed, after the plugin's instance.
class PluginLibrary {
  public:
    /// Throws PluginError.
    explicit PluginLibrary(const std::string& file) {
        std::error_code ignored;
        const std::filesystem::path path = std::filesystem::absolute(file, ignored);
        const std::string who = "plugin " + file + ": ";
        std::string problem = detail::CheckFile(path);
        if (!problem.empty()) throw PluginError(who + problem);
        handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle_ == nullptr) {
            const char* const reason = ::dlerror();
            throw PluginError(who + "cannot load: " + (reason == nullptr ? "unknown" : reason));
        }
        const auto describe =
            reinterpret_cast<holdfast_plugin_function>(::dlsym(handle_, HOLDFAST_PLUGIN_SYMBOL));
        if (describe == nullptr) {
            problem = who + "not a Holdfast plugin: it exports no " + HOLDFAST_PLUGIN_SYMBOL + "()";
        } else {
            plugin_ = describe();
            problem = CheckPlugin(plugin_, file);
        }
        if (problem.empty()) return;
        ::dlclose(handle_);
        throw PluginError(problem);
    }
    PluginLibrary(PluginLibrary&& other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), plugin_(other.plugin_) {}
    PluginLibrary& operator=(PluginLibrary&&) = delete;
    ~PluginLibrary() {
        if (handle_ != nullptr) ::dlclose(handle_);
    }

    const holdfast_plugin_v1& plugin() const { return *plugin_; }
    std::vector<std::string> Services() const {
        return {plugin_->services, plugin_->services + plugin_->service_count};
    }

  private:
    void* handle_ = nullptr;
    const holdfast_plugin_v1* plugin_ = nullptr;
};

}  // namespace holdfast::worker
