#pragma once

#include <filesystem>
#include <memory>

struct sqlite3;

namespace holdfast::testing {

/// Holds a SQLite database's one write lock, as another program that shares the file might. Readers
/// go on. Let go of with this object.
class DatabaseLock {
  public:
    /// Waits for other writers for a second; throws std::runtime_error when they do not let go.
    explicit DatabaseLock(const std::filesystem::path& database);
    ~DatabaseLock();
    DatabaseLock(const DatabaseLock&) = delete;
    DatabaseLock& operator=(const DatabaseLock&) = delete;

  private:
    sqlite3* connection_ = nullptr;
};

}  // namespace holdfast::testing
