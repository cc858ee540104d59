#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/core/clock.h"

namespace holdfast::gateway::log {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };

/// Text is for people, JSON lines are for machines.
enum class Format : std::uint8_t { kText, kJson };

struct Options {
    Level level = Level::kInfo;
    Format format = Format::kText;
    std::uint32_t queue = 8192;  ///< lines; when it is full the oldest is dropped and counted
    Duration fold_interval = std::chrono::seconds(10);
    /// Where lines go, each with its end. Called by the log's thread only. Empty: standard error.
    std::function<void(std::string_view line)> sink;
};

/// One key and its value. Holds views: it lives no longer than the call that it is given to.
/// A key is a plain word of the program's own; a value may be anything that a client sent.
struct Field {
    using Value =
        std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Duration>;

    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, bool v) : key(k), value(v) {}
    Field(std::string_view k, double v) : key(k), value(v) {}
    Field(std::string_view k, Duration v) : key(k), value(v) {}
    template <std::signed_integral T>
    Field(std::string_view k, T v) : key(k), value(std::int64_t{v}) {}
    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) Field(std::string_view k, T v)
        : key(k), value(std::uint64_t{v}) {}

    std::string_view key;
    Value value;  ///< a Duration is written in milliseconds, under key + "_ms"
};

using Fields = std::initializer_list<Field>;

/// The gateway's log. Callers build a line of at most kMaxLineBytes and leave it in a bounded
/// queue; one thread writes, another calls Tick each fold interval. No caller ever waits for the
/// output: when that is slow, the oldest lines are lost and counted. Lines are one line whatever a
/// client has sent, and JSON lines are valid JSON.
///
/// Memory: at most queue × (kMaxLineBytes + about 500 bytes).
/// Thread: any, but for Start and Stop, which one thread calls. Before Start and after Stop lines
/// are dropped. Outlives everyone who writes to it.
class Log {
  public:
    static constexpr std::size_t kMaxLineBytes = 2048;
    /// Different errors that are folded at a time; further ones share one place.
    static constexpr std::size_t kMaxFolded = 256;

    explicit Log(const Options& options);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void Start();
    /// Writes out what is queued and joins; waits for the output. Idempotent.
    void Stop();

    bool Enabled(Level level) const { return level >= level_; }
    void Write(Level level, std::string_view message, Fields fields = {});

    /// For errors that may come in thousands: of those with the same `key`, one line each
    /// Options::fold_interval, with the number of repeats that were left out since the one before.
    void WriteFolded(Level level, std::string_view key, std::string_view message,
                     Fields fields = {});
    /// The same at a given time.
    void WriteFoldedAt(TimePoint now, Level level, std::string_view key, std::string_view message,
                       Fields fields = {});

    /// Tells of repeats of errors that have been quiet for an interval. WriteFolded does so too,
    /// and from Start to Stop a thread of the log's own: the last repeats of a storm are known
    /// although nothing follows.
    void Tick(TimePoint now);

    /// Lines lost because the queue was full.
    std::uint64_t dropped() const;

  private:
    class Backend;
    void TickUntil(const std::stop_token& stop);
    void Post(Level level, std::string_view message, Fields fields, std::uint64_t repeats);

    const Level level_;
    const Format format_;
    std::unique_ptr<Backend> backend_;
};

}  // namespace holdfast::gateway::log
