#include "gateway/log/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "gateway/core/mutex.h"
#include "gateway/log/fold.h"
#include "gateway/log/line.h"

namespace holdfast::gateway::log {
namespace {

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%fZ %v";
constexpr const char* kJsonPattern = "{\"time\":\"%Y-%m-%dT%H:%M:%S.%fZ\",%v}";

constexpr std::string_view kRepeated = "the same again";

/// One write for a line: it stays whole beside other processes' lines in the same pipe.
void WriteToStandardError(std::string_view line) {
    while (!line.empty()) {
        const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
        if (written < 0 && errno == EINTR) continue;
        // Nowhere is left to complain to.
        if (written <= 0) return;
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Only the log's thread comes here: no lock.
class FunctionSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        buffer_.clear();
        formatter_->format(message, buffer_);
        write_({buffer_.data(), buffer_.size()});
    }
    void flush_() override {}

  private:
    std::function<void(std::string_view)> write_;
    spdlog::memory_buf_t buffer_;
};

}  // namespace

/// The queue and its thread exist from Start to Stop; `mutex` keeps Stop from taking them away
/// under a writer, and guards what is folded.
class Log::Backend {
  public:
    explicit Backend(const Options& options)
        : interval(options.fold_interval), queue_size(options.queue == 0 ? 1 : options.queue) {
        sink = std::make_shared<FunctionSink>(options.sink ? options.sink : &WriteToStandardError);
        const bool json = options.format == Format::kJson;
        sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc, "\n"));
    }

    const Duration interval;
    const std::size_t queue_size;
    std::shared_ptr<FunctionSink> sink;
    std::atomic<std::uint64_t> dropped_before{0};  ///< in queues that Stop has ended

    Mutex mutex;
    std::shared_ptr<spdlog::details::thread_pool> pool HOLDFAST_GUARDED_BY(mutex);
    std::shared_ptr<spdlog::async_logger> logger HOLDFAST_GUARDED_BY(mutex);

    Mutex fold_mutex;
    Fold fold HOLDFAST_GUARDED_BY(fold_mutex){interval, kMaxFolded};
    TimePoint swept HOLDFAST_GUARDED_BY(fold_mutex){};

    std::jthread ticker;  ///< of whoever calls Start and Stop
};

Log::Log(const Options& options)
    : level_(options.level),
      format_(options.format),
      backend_(std::make_unique<Backend>(options)) {}

Log::~Log() {
    Stop();
}

void Log::Start() {
    MutexLock lock(backend_->mutex);
    if (backend_->logger != nullptr) return;
    backend_->pool =
        std::make_shared<spdlog::details::thread_pool>(backend_->queue_size, std::size_t{1});
    backend_->logger = std::make_shared<spdlog::async_logger>(
        "holdfast", backend_->sink, backend_->pool, spdlog::async_overflow_policy::overrun_oldest);
    // Levels are decided before a line is built.
    backend_->logger->set_level(spdlog::level::trace);
    backend_->ticker = std::jthread([this](const std::stop_token& stop) { TickUntil(stop); });
}

void Log::TickUntil(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        stopped.wait_for(lock, stop, backend_->interval, [] { return false; });
        if (!stop.stop_requested()) Tick(Clock::now());
    }
}

void Log::Stop() {
    backend_->ticker = {};  // asks it to end, and joins
    {
        MutexLock lock(backend_->fold_mutex);
        backend_->fold.SweepAll([this](std::string_view key, std::uint64_t repeats) {
            Write(Level::kWarn, kRepeated, {{"key", key}, {"repeats", repeats}});
        });
    }
    // Destroyed last: the queued lines refer to it until the pool's thread has written them.
    std::shared_ptr<spdlog::async_logger> logger;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    {
        MutexLock lock(backend_->mutex);
        logger = std::exchange(backend_->logger, nullptr);
        pool = std::exchange(backend_->pool, nullptr);
        if (pool != nullptr) {
            backend_->dropped_before.fetch_add(pool->overrun_counter(), std::memory_order_relaxed);
        }
    }
    // The last reference: its thread writes what is queued, then ends.
    pool.reset();
}

void Log::Post(Level level, std::string_view message, Fields fields, std::uint64_t repeats) {
    // Kept by each thread, so that a line costs no allocation here.
    static thread_local std::string line;
    BuildLine(line, format_, level, message, fields, repeats, kMaxLineBytes);
    MutexLock lock(backend_->mutex);
    if (backend_->logger == nullptr) return;
    backend_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log::Write(Level level, std::string_view message, Fields fields) {
    if (Enabled(level)) Post(level, message, fields, 0);
}

void Log::WriteFolded(Level level, std::string_view key, std::string_view message, Fields fields) {
    if (Enabled(level)) WriteFoldedAt(Clock::now(), level, key, message, fields);
}

void Log::WriteFoldedAt(TimePoint now, Level level, std::string_view key, std::string_view message,
                        Fields fields) {
    if (!Enabled(level)) return;
    Tick(now);
    std::optional<std::uint64_t> repeats;
    {
        MutexLock lock(backend_->fold_mutex);
        repeats = backend_->fold.Admit(key, now);
    }
    if (repeats) Post(level, message, fields, *repeats);
}

void Log::Tick(TimePoint now) {
    MutexLock lock(backend_->fold_mutex);
    if (now - backend_->swept < backend_->interval) return;
    backend_->swept = now;
    backend_->fold.Sweep(now, [this](std::string_view key, std::uint64_t repeats) {
        Write(Level::kWarn, kRepeated, {{"key", key}, {"repeats", repeats}});
    });
}

std::uint64_t Log::dropped() const {
    MutexLock lock(backend_->mutex);
    const std::uint64_t now = backend_->pool == nullptr ? 0 : backend_->pool->overrun_counter();
    return backend_->dropped_before.load(std::memory_order_relaxed) + now;
}

}  // namespace holdfast::gateway::log
