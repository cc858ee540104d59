#pragma once

#include <holdfast/worker/plugin.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "worker/runtime/request_file.h"

namespace holdfast::worker {

struct RecordOptions {
    std::string folder{};                         ///< empty: nothing is recorded
    std::set<std::string, std::less<>> redact{};  ///< headers, in lower case
    std::size_t max_requests = 1000;
    std::uint64_t max_bytes = std::uint64_t{64} << 20U;  ///< of files, in this process's life
};

/// Saves requests as files that --invoke reads. Serving goes on whatever happens here: what comes
/// faster than the disk takes is left out, at a limit or an error of the disk recording ends, and
/// the log says so once.
///
/// Files are whole or not there, for their owner alone (0600), and named by this program alone:
/// <start in ms>-<pid>-<number>.json, in the order of their arrival.
///
/// Thread: Take from the handlers; one of its own writes. Owner: Runtime.
class Recorder {
  public:
    static constexpr std::size_t kMaxQueued = 256;
    static constexpr std::uint64_t kMaxQueuedBytes = std::uint64_t{8} << 20U;

    /// Makes the folder (0700) when it is missing. Throws std::runtime_error when it cannot be
    /// written to.
    explicit Recorder(RecordOptions options);
    /// Writes what is queued.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Copies the request, to be written later. `timeout` is what remains of its time.
    void Take(const holdfast_request_v1& request, Duration timeout);

  private:
    struct Item {
        RequestFile request;
        std::uint64_t bytes = 0;
    };

    void Run();
    void Write(const RequestFile& request);
    bool WriteFile(const std::string& name, std::string_view text) const;
    void End(const std::string& reason);

    const RecordOptions options_;
    const std::string prefix_;
    int folder_ = -1;

    // The writing thread's.
    std::size_t written_ = 0;
    std::uint64_t written_bytes_ = 0;
    bool broken_ = false;  ///< nothing more is written

    std::mutex mutex_;
    std::condition_variable wanted_;
    // Guarded by mutex_.
    std::deque<Item> queue_;
    std::uint64_t queued_bytes_ = 0;
    std::size_t taken_ = 0;
    std::size_t left_out_ = 0;
    bool ended_ = false;  ///< nothing more is taken
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace holdfast::worker
