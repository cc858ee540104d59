#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "ctl/bad_usage.h"

namespace holdfast::ctl {

/// The target was not reached, was too slow, or what it said is not an ops port's answer.
class Unreachable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Nobody listens there.
class NobodyThere : public Unreachable {
  public:
    using Unreachable::Unreachable;
};

struct OpsAnswer {
    int status = 0;
    std::string body;
};

/// Speaks to one gateway's ops port. Every call ends within `timeout` and reads at most kMaxBody.
/// Thread: one. Blocks.
class OpsClient {
  public:
    static constexpr std::size_t kMaxBody = 16 * 1024 * 1024;

    /// `url` is "http://host:port" (an IPv6 address in brackets). Throws BadUsage.
    OpsClient(const std::string& url, std::chrono::milliseconds timeout);

    /// Throw Unreachable, NobodyThere when there was no connection.
    OpsAnswer Get(const std::string& path) const { return Ask("GET", path); }
    OpsAnswer Post(const std::string& path) const { return Ask("POST", path); }
    /// A GET whose answer is JSON, whatever its status, as the ops port's health answers are.
    nlohmann::ordered_json GetJson(const std::string& path, int* status = nullptr) const;

    const std::string& url() const { return url_; }

  private:
    OpsAnswer Ask(const std::string& method, const std::string& path) const;

    const std::string url_;
    const std::chrono::milliseconds timeout_;
    std::string host_;
    int port_ = 80;
};

}  // namespace holdfast::ctl
