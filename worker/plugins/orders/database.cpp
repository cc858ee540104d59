#include "worker/plugins/orders/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <thread>

namespace holdfast::orders {

bool DatabaseError::busy() const {
    const int primary = code_ & 0xff;
    // PROTOCOL: many processes raced for the WAL's locks, and this one gave up before it did
    // anything.
    return primary == SQLITE_BUSY || primary == SQLITE_PROTOCOL;
}

Connection::Connection(const DatabaseOptions& options, const Patience* patience)
    : path_(options.path), patience_(patience) {
    const int code =
        sqlite3_open_v2(path_.c_str(), &handle_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    try {
        if (code != SQLITE_OK) Throw(code);
        sqlite3_extended_result_codes(handle_, 1);
        sqlite3_busy_handler(handle_, &OnBusy, this);
        Execute(options.full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        if (options.max_pages > 0) {
            Execute("PRAGMA max_page_count = " + std::to_string(options.max_pages));
        }
    } catch (...) {
        sqlite3_close_v2(handle_);
        throw;
    }
}

Connection::~Connection() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
}

void Connection::Execute(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) Throw(code);
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

bool Connection::read_only() const {
    return sqlite3_db_readonly(handle_, "main") == 1;
}

void Connection::Throw(int code) const {
    const char* message = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    throw DatabaseError(
        "database " + path_ + ": " + message + " (SQLite result code " + std::to_string(code) + ")",
        code);
}

sqlite3_stmt* Connection::Prepared(std::string_view sql) {
    std::string text(sql);
    if (auto found = statements_.find(text); found != statements_.end()) return found->second;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, text.c_str(), static_cast<int>(text.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) Throw(code);
    statements_.emplace(std::move(text), statement);
    return statement;
}

int Connection::OnBusy(void* self, int attempt) {
    const Patience* patience = static_cast<Connection*>(self)->patience_;
    if (patience == nullptr || !patience->Lasts()) return 0;
    // A transaction takes some 100 us: the first waits are of that order, later ones spare the CPU.
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::min(100 << std::min(attempt, 5), 2000)));
    return 1;
}

Query::~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Query::Step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) connection_.Throw(code);
    return false;
}

std::int64_t Query::Integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string Query::Text(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
}

void Query::Bind(int index, std::int64_t value) {
    const int code = sqlite3_bind_int64(statement_, index, value);
    if (code != SQLITE_OK) connection_.Throw(code);
}

void Query::Bind(int index, std::string_view text) {
    // The statement copies: a cached one may be stepped after the value has gone.
    const auto transient = reinterpret_cast<sqlite3_destructor_type>(-1);  // SQLITE_TRANSIENT
    // A null pointer would bind NULL, which is not the empty text.
    const int code = sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(),
                                         text.size(), transient, SQLITE_UTF8);
    if (code != SQLITE_OK) connection_.Throw(code);
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
    connection_.Execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    // SQLite has rolled back by itself after some errors (disk full, I/O).
    if (!connection_.in_transaction()) return;
    try {
        connection_.Execute("ROLLBACK");
    } catch (const DatabaseError&) {
        // The connection stays in its transaction; the pool sees that and closes it.
    }
}

void Transaction::Commit() {
    connection_.Execute("COMMIT");
}

}  // namespace holdfast::orders
