#pragma once

#include <string>

namespace holdfast::worker {

/// A file whose time says that the loop is alive and welcomed by a gateway. Empty path: none.
/// Thread: the loop.
class HealthFile {
  public:
    explicit HealthFile(std::string path) : path_(std::move(path)) {}

    /// Sets its time to now, and makes it if needed. Failures are logged.
    void Touch() const;

  private:
    std::string path_;
};

/// Whether `path` was touched in the last five seconds.
bool IsHealthy(const std::string& path);

}  // namespace holdfast::worker
