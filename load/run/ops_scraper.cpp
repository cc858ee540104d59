#include "load/run/ops_scraper.h"

#include <httplib.h>

#include <charconv>
#include <chrono>
#include <utility>

namespace holdfast::load {
namespace {

constexpr std::chrono::seconds kEvery(1);
constexpr std::size_t kMaxBody = 4 * 1024 * 1024;

/// The value of "NAME VALUE" or "NAME{...} VALUE"; false for another line.
bool Matches(std::string_view line, std::string_view name, double& value) {
    if (!line.starts_with(name)) return false;
    line.remove_prefix(name.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '{')) return false;
    line.remove_prefix(line.rfind(' ') + 1);
    return std::from_chars(line.data(), line.data() + line.size(), value).ec == std::errc();
}

std::uint64_t Whole(double value) {
    return value > 0 && value < 0x1p63 ? static_cast<std::uint64_t>(value) : 0;
}

}  // namespace

OpsSample ParseMetrics(std::string_view text, double second) {
    OpsSample sample{.second = second};
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        double value = 0;
        if (Matches(line, "holdfast_pending_requests", value)) {
            sample.pending_requests = Whole(value);
        } else if (Matches(line, "holdfast_pending_bytes", value)) {
            sample.pending_bytes = Whole(value);
        } else if (Matches(line, "holdfast_workers", value)) {
            sample.workers += Whole(value);  // one line for each service
        } else if (Matches(line, "process_resident_memory_bytes", value)) {
            sample.resident_bytes = Whole(value);
        } else if (Matches(line, "process_cpu_seconds_total", value)) {
            sample.cpu_seconds = value;
        }
    }
    return sample;
}

OpsScraper::OpsScraper(std::string url, TimePoint run_start)
    : url_(std::move(url)), run_start_(run_start) {
    if (!url_.empty()) thread_ = std::thread([this] { Work(); });
}

void OpsScraper::Finish(Result& result) {
    Finish();
    if (failed_ > 0) {
        result.warnings.push_back("ops port " + url_ + ": " + std::to_string(failed_) + " of " +
                                  std::to_string(failed_ + samples_.size()) +
                                  " looks failed, the last one: " + failure_);
    }
    result.ops = std::exchange(samples_, {});
}

void OpsScraper::Finish() {
    {
        const std::lock_guard lock(mutex_);
        finish_ = true;
    }
    finished_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void OpsScraper::Work() {
    for (TimePoint next = run_start_;; next = std::max(next + kEvery, Clock::now())) {
        {
            std::unique_lock lock(mutex_);
            if (finished_.wait_until(lock, next, [this] { return finish_; })) return;
        }
        Look();
    }
}

void OpsScraper::Look() {
    httplib::Client client(url_);
    client.set_connection_timeout(kEvery);
    client.set_read_timeout(kEvery);
    const std::chrono::duration<double> second = Clock::now() - run_start_;
    std::string body;
    const auto answer = client.Get("/metrics", [&](const char* data, std::size_t size) {
        body.append(data, size);
        return body.size() <= kMaxBody;
    });
    if (answer && answer->status == 200) {
        samples_.push_back(ParseMetrics(body, second.count()));
        return;
    }
    ++failed_;
    failure_ = answer ? "/metrics answers " + std::to_string(answer->status)
                      : "no answer (" + to_string(answer.error()) + ")";
}

}  // namespace holdfast::load
