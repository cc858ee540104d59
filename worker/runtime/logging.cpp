#include "worker/runtime/logging.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/dup_filter_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string_view>

namespace holdfast::worker {
namespace {

constexpr std::size_t kQueuedLines = 8192;
constexpr std::chrono::seconds kFoldWithin(5);

/// The message as the inside of a JSON string.
class JsonText final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& to) override {
        for (const char c : std::string_view(message.payload.data(), message.payload.size())) {
            if (c == '"' || c == '\\') to.push_back('\\');
            if (static_cast<unsigned char>(c) < ' ') {
                fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(c));
            } else {
                to.push_back(c);
            }
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonText>();
    }
};

std::unique_ptr<spdlog::formatter> MakeFormatter(const std::string& format,
                                                 std::optional<std::uint32_t> process) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    if (format == "json") {
        formatter->add_flag<JsonText>('*').set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","program":"holdfast-worker",)" +
            (process ? fmt::format(R"("process":{},)", *process) : std::string()) +
            R"("message":"%*"})");
    } else {
        formatter->set_pattern("%Y-%m-%d %H:%M:%S.%eZ %l " +
                               (process ? fmt::format("process {}: ", *process) : std::string()) +
                               "%v");
    }
    return formatter;
}

}  // namespace

void StartLogging(const std::string& level, const std::string& format,
                  std::optional<std::uint32_t> process) {
    spdlog::init_thread_pool(kQueuedLines, 1);
    auto folding = std::make_shared<spdlog::sinks::dup_filter_sink_mt>(kFoldWithin);
    folding->add_sink(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto logger = std::make_shared<spdlog::async_logger>(
        "worker", folding, spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::info);
    logger->set_formatter(MakeFormatter(format, process));
    spdlog::set_default_logger(std::move(logger));
}

void StopLogging() {
    // Threads that outlive the worker's end (a name that is being resolved, a handler that does not
    // return) may still log: what they say goes nowhere. They hold on to the logger, so it stays.
    const auto logger = spdlog::default_logger();
    logger->set_level(spdlog::level::off);
    logger->flush();
    // Writes what is queued and joins.
    spdlog::details::registry::instance().set_tp(nullptr);
}

}  // namespace holdfast::worker
