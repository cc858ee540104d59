#pragma once

#include <holdfast/worker/plugin_error.hpp>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::worker {

/// The config does not fit the options; what() is all problems, joined by "; ".
class ConfigError : public PluginError {
  public:
    explicit ConfigError(std::vector<std::string> problems)
        : PluginError(Join(problems)), problems_(std::move(problems)) {}
    /// Each is "name:line:column: what is wrong and what would be right".
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    static std::string Join(const std::vector<std::string>& problems) {
        std::string text;
        for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
        return text;
    }
    std::vector<std::string> problems_;
};

}  // namespace holdfast::worker
