#include "tests/support/chaos/database_lock.h"

#include <sqlite3.h>

#include <stdexcept>

namespace holdfast::testing {

DatabaseLock::DatabaseLock(const std::filesystem::path& database) {
    constexpr int kPatienceMs = 1000;
    if (sqlite3_open_v2(database.c_str(), &connection_, SQLITE_OPEN_READWRITE, nullptr) !=
            SQLITE_OK ||
        sqlite3_busy_timeout(connection_, kPatienceMs) != SQLITE_OK ||
        sqlite3_exec(connection_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) {
        const std::string why = sqlite3_errmsg(connection_);
        sqlite3_close(connection_);
        throw std::runtime_error("cannot lock " + database.string() + ": " + why);
    }
}

DatabaseLock::~DatabaseLock() {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(connection_);
}

}  // namespace holdfast::testing
