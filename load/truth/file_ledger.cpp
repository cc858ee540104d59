#include "load/truth/file_ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace holdfast::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostKept = 64 * 1024;
constexpr std::chrono::seconds kLongestKept(1);

std::int64_t Microseconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::string Line(const Json& json) {
    // What servers send need not be UTF-8; a line stays JSON, and a line.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

int Open(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) throw std::system_error(errno, std::generic_category(), path);
    return file;
}

}  // namespace

FileLedger::FileLedger(const std::string& path, LedgerOwner owner)
    : owner_(std::move(owner)), file_(Open(path)) {
    kept_ += Line({{"type", "begin"},
                   {"run", owner_.run},
                   {"flow", owner_.flow},
                   {"process", owner_.process},
                   {"processes", owner_.processes}});
    Flush();
}

FileLedger::~FileLedger() {
    Finish();
    close(file_);
}

void FileLedger::Record(const LedgerEntry& entry) {
    ++recorded_;
    kept_ += Line({{"type", "request"},
                   {"run", owner_.run},
                   {"journey", entry.journey},
                   {"step", entry.step},
                   {"mark", entry.mark},
                   {"key", entry.idempotency_key},
                   {"planned_us", Microseconds(entry.planned)},
                   {"ended_us", Microseconds(entry.ended)},
                   {"request", entry.request_body},
                   {"error", Name(entry.error)},
                   {"status", entry.status},
                   {"outcome", entry.outcome},
                   {"processed", entry.processed},
                   {"answer", entry.body}});
    ++kept_lines_;
    const bool old = std::chrono::steady_clock::now() - flushed_ >= kLongestKept;
    if (old || kept_.size() >= kMostKept) Flush();
}

void FileLedger::Finish() {
    if (std::exchange(finished_, true)) return;
    Flush();
    kept_ += Line({{"type", "end"},
                   {"run", owner_.run},
                   {"process", owner_.process},
                   {"recorded", recorded_},
                   {"lost", lost_}});
    Flush();
}

void FileLedger::Flush() {
    flushed_ = std::chrono::steady_clock::now();
    // A line that was cut ends here; a reader counts it as one that is none.
    if (cut_) kept_.insert(kept_.begin(), '\n');
    std::size_t written = 0;
    while (written < kept_.size()) {
        const ssize_t got = write(file_, kept_.data() + written, kept_.size() - written);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            trouble_ = std::generic_category().message(errno);
            break;
        }
        written += static_cast<std::size_t>(got);
    }
    if (written > 0) cut_ = kept_[written - 1] != '\n';
    const auto unwritten =
        std::count(kept_.begin() + static_cast<std::ptrdiff_t>(written), kept_.end(), '\n');
    lost_ += std::min(kept_lines_, static_cast<std::uint64_t>(unwritten));
    kept_.clear();
    kept_lines_ = 0;
}

void AppendToLedger(const std::string& path, const std::string& line) {
    const int file = Open(path);
    const std::string text = line + '\n';
    const ssize_t got = write(file, text.data(), text.size());
    const int error = errno;
    close(file);
    if (got != static_cast<ssize_t>(text.size())) {
        throw std::system_error(got < 0 ? error : ENOSPC, std::generic_category(), path);
    }
}

}  // namespace holdfast::load
