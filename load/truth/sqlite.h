#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::load {

/// A database cannot be used: which one, and why.
struct DatabaseError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One SQLite connection. Thread: one at a time. Every call throws DatabaseError.
class SqliteConnection {
  public:
    enum class Mode : std::uint8_t {
        kRead,     ///< a file that exists; nothing is ever written
        kScratch,  ///< a new private file that goes with this object; `path` is not used
    };
    SqliteConnection(Mode mode, std::string path);
    ~SqliteConnection();
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    void Execute(const std::string& sql);
    sqlite3* handle() const { return handle_; }
    [[noreturn]] void Throw() const;

  private:
    std::string path_;
    sqlite3* handle_ = nullptr;
};

/// One prepared statement, bound from left to right and stepped. Outlived by its connection.
class SqliteQuery {
  public:
    SqliteQuery(SqliteConnection& connection, const std::string& sql);
    ~SqliteQuery();
    SqliteQuery(const SqliteQuery&) = delete;
    SqliteQuery& operator=(const SqliteQuery&) = delete;

    /// Binds all values, anew each time.
    template <typename... Values>
    SqliteQuery& With(const Values&... values) {
        Reset();
        int index = 0;
        (Bind(++index, values), ...);
        return *this;
    }
    /// False when there is no further row.
    bool Step();
    void Run() {
        while (Step()) {
        }
    }
    std::int64_t Integer(int column) const;
    std::string Text(int column) const;

  private:
    void Reset();
    void Bind(int index, std::int64_t value);
    void Bind(int index, std::string_view text);

    SqliteConnection& connection_;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace holdfast::load
