#include "load/truth/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace holdfast::load {

SqliteConnection::SqliteConnection(Mode mode, std::string path) : path_(std::move(path)) {
    const int flags =
        mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    // The empty name is SQLite's for a temporary file without a name.
    const char* name = mode == Mode::kRead ? path_.c_str() : "";
    const int code = sqlite3_open_v2(name, &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (mode == Mode::kScratch) path_ = "temporary file";
    try {
        if (code != SQLITE_OK) Throw();
        sqlite3_busy_timeout(handle_, 10'000);
    } catch (...) {
        sqlite3_close(handle_);
        throw;
    }
}

SqliteConnection::~SqliteConnection() {
    sqlite3_close(handle_);
}

void SqliteConnection::Execute(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Throw();
}

void SqliteConnection::Throw() const {
    throw DatabaseError(path_ + ": " + sqlite3_errmsg(handle_));
}

SqliteQuery::SqliteQuery(SqliteConnection& connection, const std::string& sql)
    : connection_(connection) {
    const int size = static_cast<int>(sql.size()) + 1;
    if (sqlite3_prepare_v2(connection.handle(), sql.c_str(), size, &statement_, nullptr) !=
        SQLITE_OK) {
        connection.Throw();
    }
}

SqliteQuery::~SqliteQuery() {
    sqlite3_finalize(statement_);
}

bool SqliteQuery::Step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) connection_.Throw();
    return false;
}

std::int64_t SqliteQuery::Integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string SqliteQuery::Text(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
}

void SqliteQuery::Reset() {
    sqlite3_reset(statement_);
}

void SqliteQuery::Bind(int index, std::int64_t value) {
    if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) connection_.Throw();
}

void SqliteQuery::Bind(int index, std::string_view text) {
    // The statement copies: the value may be gone when it is stepped.
    const auto transient = reinterpret_cast<sqlite3_destructor_type>(-1);  // SQLITE_TRANSIENT
    // A null pointer would bind NULL, which is not the empty text.
    if (sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(),
                            transient, SQLITE_UTF8) != SQLITE_OK) {
        connection_.Throw();
    }
}

}  // namespace holdfast::load
