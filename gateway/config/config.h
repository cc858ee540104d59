#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The gateway's configuration: plain values, read once at start.
//
// Every key is described in one table (keys.h). Parsing, the environment's names, --print-config
// and docs/config.md all come from that table; the defaults are the initialisers below.
//
// Thread: any; every function here is pure but for reading the file. Owner: the program's start-up.
// Sizes are bytes. Durations are spans of the steady clock.
namespace holdfast::gateway::config {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

/// The most requests at one time: a correlation id has 24 bits for its slot, and two values stand
/// for "none" and the list's end.
inline constexpr std::uint64_t kMaxPending = (1ULL << 24) - 2;

/// The most bytes that a configuration file may have.
inline constexpr std::uint64_t kMaxFileBytes = kMiB;

enum class HalfClose : std::uint8_t { kCancel, kServe };
inline constexpr std::array<std::string_view, 2> kHalfCloseNames{"cancel", "serve"};

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
inline constexpr std::array<std::string_view, 5> kLogLevelNames{"trace", "debug", "info", "warn",
                                                                "error"};

enum class LogFormat : std::uint8_t { kText, kJson };
inline constexpr std::array<std::string_view, 2> kLogFormatNames{"text", "json"};

enum class TlsVersion : std::uint8_t { k12, k13 };
inline constexpr std::array<std::string_view, 2> kTlsVersionNames{"1.2", "1.3"};

struct Tls {
    std::string certificate;  ///< a PEM file; empty: the port is plain
    std::string key;          ///< a PEM file
    std::string client_ca;    ///< a PEM file; empty: clients need no certificate
    TlsVersion min_version = TlsVersion::k12;
    bool operator==(const Tls&) const = default;
};

struct Listen {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::uint32_t threads = 1;
    std::uint32_t backlog = 1024;
    std::uint32_t max_connections = 10'000;
    HalfClose half_close = HalfClose::kCancel;
    Tls tls;
    std::uint64_t send_buffer = 64 * kKiB;
    std::uint64_t receive_buffer = 64 * kKiB;
    bool operator==(const Listen&) const = default;
};

struct Ops {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8081;
    bool allow_remote = false;
    std::uint32_t threads = 4;
    bool operator==(const Ops&) const = default;
};

struct Bus {
    std::string address = "127.0.0.1";
    std::uint16_t port = 5570;
    bool allow_plain_remote = false;
    std::string curve_secret_key;  ///< a certificate's file; empty: the leg is plain
    std::string curve_workers;     ///< a folder of public certificates
    std::uint32_t max_peers = 32;
    std::chrono::nanoseconds ping_interval = std::chrono::milliseconds(200);
    std::chrono::nanoseconds peer_timeout = std::chrono::milliseconds(700);
    std::uint64_t max_message = kMiB;
    std::uint64_t batch_bytes = 64 * kKiB;
    std::uint32_t receive_hwm = 4;
    std::uint32_t send_hwm = 8;
    std::uint64_t socket_buffer = 128 * kKiB;
    std::uint64_t reply_window = kMiB;
    std::uint64_t max_reply = 512 * kKiB;
    std::uint32_t redispatch_rate = 50;
    std::uint32_t redispatch_burst = 100;
    bool operator==(const Bus&) const = default;
};

struct Limits {
    std::uint32_t pending_requests = 10'000;
    std::uint64_t pending_bytes = 64 * kMiB;
    std::uint64_t upload_bytes = 16 * kMiB;
    std::uint64_t reply_bytes = 64 * kMiB;
    std::uint32_t queue_requests = 1000;
    std::uint64_t queue_bytes = 16 * kMiB;
    std::uint64_t request_line = 8 * kKiB;
    std::uint64_t header_bytes = 16 * kKiB;
    std::uint32_t header_count = 100;
    std::uint64_t reply_headers = 16 * kKiB;
    std::chrono::nanoseconds head_timeout = std::chrono::seconds(10);
    std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);
    std::uint64_t body_min_rate = kKiB;
    std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
    std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);
    bool operator==(const Limits&) const = default;
};

/// What limits the requests that a service's workers have at one time.
enum class Concurrency : std::uint8_t { kFixed, kAdaptive };
inline constexpr std::array<std::string_view, 2> kConcurrencyNames{"fixed", "adaptive"};

struct Overload {
    std::chrono::nanoseconds queue_target = std::chrono::milliseconds(5);
    std::chrono::nanoseconds queue_interval = std::chrono::milliseconds(100);
    bool refuse_hopeless = true;
    Concurrency concurrency = Concurrency::kAdaptive;
    std::uint32_t max_concurrency = 0;  ///< 0: none
    bool operator==(const Overload&) const = default;
};

struct Shutdown {
    std::chrono::nanoseconds drain_delay{0};
    std::chrono::nanoseconds drain_timeout = std::chrono::seconds(30);
    bool operator==(const Shutdown&) const = default;
};

struct Log {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kText;
    bool access_log = false;
    std::uint32_t queue = 8192;
    bool operator==(const Log&) const = default;
};

struct Ready {
    /// After Load() this is what is required, whether written or derived from the routes.
    std::vector<std::string> required_services = {"orders"};
    bool operator==(const Ready&) const = default;
};

/// Where the value of a field that the gateway adds comes from.
struct Source {
    enum class Kind : std::uint8_t { kUuid7, kReceivedAt, kBody, kPath, kHeader };
    Kind kind = Kind::kUuid7;
    /// The JSON member, path parameter or header; empty for the kinds that need none.
    std::string name;
    bool operator==(const Source&) const = default;
};

/// A field that the gateway adds to a request, and to a JSON object reply that lacks it.
struct AddedField {
    std::string field;
    Source source;
    bool operator==(const AddedField&) const = default;
};

struct Route {
    std::string path;
    std::vector<std::string> methods;
    std::string service;
    std::chrono::nanoseconds timeout = std::chrono::seconds(5);
    std::uint64_t body_limit = 64 * kKiB;
    std::uint32_t pending_requests = 0;  ///< 0: no limit of its own
    std::uint64_t pending_bytes = 0;     ///< 0: no limit of its own
    bool idempotent = false;
    bool idempotency_key = false;
    std::chrono::nanoseconds wait_for_worker{0};
    /// Empty: every media type is taken.
    std::vector<std::string> content_types{};
    std::vector<AddedField> add{};
    bool operator==(const Route&) const = default;
};

/// The routes that are served when no file gives any: the orders flow and an echo.
std::vector<Route> DefaultRoutes();

/// A default-constructed Config is what the gateway runs with when there is no file.
struct Config {
    Listen listen;
    Ops ops;
    Bus bus;
    Limits limits;
    Overload overload;
    Shutdown shutdown;
    Log log;
    Ready ready;
    std::vector<Route> routes = DefaultRoutes();
    bool operator==(const Config&) const = default;
};

/// One thing that is wrong, and what would be right.
struct Problem {
    /// A file's name, or "$NAME" for an environment variable.
    std::string file;
    std::size_t line = 0;  ///< from 1; 0 when the problem has no line
    std::size_t column = 0;
    std::string message;
    bool operator==(const Problem&) const = default;
};

/// "gateway.yaml:3:5: message", without the parts that the problem does not have.
std::string Format(const Problem& problem);

/// Where an effective value came from.
struct Origin {
    enum class Kind : std::uint8_t { kDefault, kFile, kEnvironment, kDerived };
    Kind kind = Kind::kDefault;
    std::string name;  ///< the file, or the environment variable
    std::size_t line = 0;
    std::size_t column = 0;
};

struct LoadedConfig {
    Config config;
    /// The file that was read; empty when there was none.
    std::string file;
    /// By key path ("limits.pending_bytes", "routes[0].timeout"); what is absent is a default.
    std::map<std::string, Origin, std::less<>> origins;
};

struct LoadResult {
    /// Set exactly when `problems` is empty.
    std::optional<LoadedConfig> loaded;
    std::vector<Problem> problems;
};

using Environment = std::map<std::string, std::string, std::less<>>;

/// The HOLDFAST_... variables of this process. Reads `environ`: call it before other threads start.
Environment ProcessEnvironment();

/// Reads the file at `path` (without one: the file that HOLDFAST_CONFIG names, else none), then the
/// environment over it, and checks the whole. Reports every problem, not only the first.
LoadResult Load(const std::optional<std::string>& path, const Environment& environment);

/// The same for text that is already in memory; `file` is the name that problems carry.
LoadResult LoadText(std::string_view text, std::string file, const Environment& environment);

/// Where a key was given, with no message yet; nothing when it has its default.
std::optional<Problem> PlaceOf(const LoadedConfig& loaded, const std::string& path);

/// Combinations of values that are each allowed but cannot work together. Load() calls it.
std::vector<Problem> Check(const LoadedConfig& loaded);

/// Descriptors that the gateway may need: connections, workers, and a reserve for its own.
std::uint64_t DescriptorsNeeded(const Config& config);

/// A start-time check: `limit` is RLIMIT_NOFILE as this process has it.
std::optional<Problem> CheckDescriptors(const Config& config, std::uint64_t limit);

/// The effective configuration as YAML that loads to the same values, each with its origin as a
/// comment. Secrets are masked.
std::string Print(const LoadedConfig& loaded);

/// docs/config.md.
std::string Reference();

}  // namespace holdfast::gateway::config
