#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace holdfast::sim {

/// How often each outcome, fault and rule was met, over all worlds: a simulation proves nothing
/// about what it never does.
class Coverage {
  public:
    void Count(const std::string& what, std::uint64_t amount = 1) { counts_[what] += amount; }
    std::uint64_t operator[](const std::string& what) const {
        const auto found = counts_.find(what);
        return found == counts_.end() ? 0 : found->second;
    }
    const std::map<std::string, std::uint64_t>& all() const { return counts_; }

  private:
    std::map<std::string, std::uint64_t> counts_;
};

}  // namespace holdfast::sim
