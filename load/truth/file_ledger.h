#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "load/truth/ledger.h"

namespace holdfast::load {

/// Whose lines these are.
struct LedgerOwner {
    std::string run;
    std::string flow{};
    std::uint32_t process = 0;
    std::uint32_t processes = 1;
};

/// The ledger as a file of JSON lines, which several processes append to at once: each write is of
/// whole lines. docs/load.md has the members. Begins with a line that says whose it is, and ends
/// with one that says how many there were, so that a reader knows whether it has all of them.
/// When the disk is full the run goes on: lines that cannot be written are counted, and a line that
/// was cut is ended before the next. Thread: that of the engine; blocks on the disk.
class FileLedger : public Ledger {
  public:
    /// Throws std::system_error.
    FileLedger(const std::string& path, LedgerOwner owner);
    ~FileLedger() override;
    FileLedger(const FileLedger&) = delete;
    FileLedger& operator=(const FileLedger&) = delete;

    /// Kept for at most a second or 64 KiB.
    void Record(const LedgerEntry& entry) override;
    /// Writes what is kept, and the last line. Nothing can be recorded after that.
    void Finish();

    std::uint64_t recorded() const { return recorded_; }
    std::uint64_t lost() const { return lost_; }
    /// Why lines were lost; empty when none were.
    const std::string& trouble() const { return trouble_; }

  private:
    void Flush();

    const LedgerOwner owner_;
    int file_;
    std::string kept_;
    std::uint64_t kept_lines_ = 0;
    std::uint64_t recorded_ = 0;
    std::uint64_t lost_ = 0;
    bool cut_ = false;  ///< the file ends in the middle of a line of ours
    bool finished_ = false;
    std::string trouble_;
    std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
};

/// Appends one line, whole or not at all. Throws std::system_error.
void AppendToLedger(const std::string& path, const std::string& line);

}  // namespace holdfast::load
