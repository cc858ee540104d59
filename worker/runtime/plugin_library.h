#pragma once

#include <holdfast/worker/plugin.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::worker {

/// The plugin cannot be used; what() is one line for people.
class PluginError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A loaded shared object whose version block and description have been checked.
/// Thread: main. It stays mapped until it is destroyed, after the plugin's instance.
class PluginLibrary {
  public:
    /// Throws PluginError.
    explicit PluginLibrary(const std::string& file);
    ~PluginLibrary();
    PluginLibrary(const PluginLibrary&) = delete;
    PluginLibrary& operator=(const PluginLibrary&) = delete;

    const holdfast_plugin_v1& plugin() const { return *plugin_; }
    std::vector<std::string> Services() const;

  private:
    void* handle_ = nullptr;
    const holdfast_plugin_v1* plugin_ = nullptr;
};

/// Why a description cannot be used; empty when it can. `file` is for the text.
std::string CheckPlugin(const holdfast_plugin_v1* plugin, const std::string& file);

}  // namespace holdfast::worker
