#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "worker/plugins/orders/patience.h"

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::orders {

/// SQLite refused. The text names the file, the result code and SQLite's own message.
class DatabaseError : public std::runtime_error {
  public:
    DatabaseError(const std::string& text, int code) : std::runtime_error(text), code_(code) {}

    /// Somebody else holds the database; nothing of the transaction was done.
    bool busy() const;
    int code() const { return code_; }

  private:
    int code_;
};

struct DatabaseOptions {
    std::string path;
    bool full_sync = false;      ///< PRAGMA synchronous FULL instead of NORMAL
    std::int64_t max_pages = 0;  ///< of 4 KiB; 0: no limit but the disk's
};

/// One SQLite connection with its cache of prepared statements.
/// Thread: one at a time. Blocks: on the disk, and on other writers as far as the patience goes.
class Connection {
  public:
    /// Creates the file when it is missing. Throws DatabaseError. `patience` is as in
    /// SetPatience().
    explicit Connection(const DatabaseOptions& options, const Patience* patience = nullptr);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs statements that give no rows and have no parameters.
    void Execute(std::string_view sql);

    /// Whose patience is spent on waiting for other writers, until it is set anew; null: none is
    /// had, busy at once.
    void SetPatience(const Patience* patience) { patience_ = patience; }

    bool in_transaction() const;
    /// The file, or the disk it is on, can only be read. SQLite then opens it all the same.
    bool read_only() const;

  private:
    friend class Query;
    [[noreturn]] void Throw(int code) const;
    sqlite3_stmt* Prepared(std::string_view sql);
    static int OnBusy(void* self, int attempt);

    std::string path_;
    sqlite3* handle_ = nullptr;
    const Patience* patience_ = nullptr;
    std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

/// One use of a prepared statement: bind, step through the rows, and it is reset at the end.
/// Two uses of the same text must not overlap on one connection.
class Query {
  public:
    template <typename... Values>
    Query(Connection& connection, std::string_view sql, const Values&... values)
        : connection_(connection), statement_(connection.Prepared(sql)) {
        int index = 0;
        (Bind(++index, values), ...);
    }
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    /// True when there is a row.
    bool Step();
    /// For statements without rows.
    void Run() { Step(); }

    std::int64_t Integer(int column) const;
    std::string Text(int column) const;  ///< text or blob, byte for byte

  private:
    void Bind(int index, std::int64_t value);
    void Bind(int index, std::string_view text);

    Connection& connection_;
    sqlite3_stmt* statement_;
};

/// BEGIN IMMEDIATE: takes the one write lock now, so that nothing read in it can be stale at the
/// commit. Rolls back unless Commit() has returned.
class Transaction {
  public:
    explicit Transaction(Connection& connection);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void Commit();

  private:
    Connection& connection_;
};

}  // namespace holdfast::orders
