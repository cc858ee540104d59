#pragma once

#include <string>
#include <vector>

#include "load/result/result.h"

namespace holdfast::load {

/// The files that a run writes. Made before the run, so that a folder that is not there is said
/// then and not after an hour.
class Outputs {
  public:
    /// Empty paths are left out. Throws UsageError when a file cannot be written.
    void AddHtml(const std::string& path) { Add(Kind::kHtml, path); }
    void AddJson(const std::string& path) { Add(Kind::kJson, path); }
    void AddCsv(const std::string& path) { Add(Kind::kCsv, path); }
    void AddJunit(const std::string& path) { Add(Kind::kJunit, path); }
    /// All four with their usual names; makes the folder.
    void AddFolder(const std::string& folder);

    /// Writes all, each first beside its place and then moved there whole. What could not be
    /// written, a line each.
    std::vector<std::string> Write(const Result& result) const;

    std::vector<std::string> paths() const;

  private:
    enum class Kind : std::uint8_t { kHtml, kJson, kCsv, kJunit };
    struct Output {
        Kind kind;
        std::string path;
    };
    void Add(Kind kind, const std::string& path);
    std::vector<Output> outputs_;
};

}  // namespace holdfast::load
