#include "ctl/ops_client.h"

#include <httplib.h>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

namespace holdfast::ctl {
namespace {

struct Authority {
    std::string host;
    int port = 80;
};

Authority Parse(const std::string& url) {
    const BadUsage wrong("not an ops URL: \"" + url + "\" (http://HOST:PORT is right)");
    std::string_view rest = url;
    constexpr std::string_view kScheme = "http://";
    if (!rest.starts_with(kScheme)) throw wrong;
    rest.remove_prefix(kScheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find_first_of("/?#@ ") != std::string_view::npos) throw wrong;

    std::string_view host = rest;
    std::string_view port;
    const std::size_t bracket = rest.rfind(']');
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
        host = rest.substr(0, colon);
        port = rest.substr(colon + 1);
        if (port.empty()) throw wrong;
    }
    Authority authority;
    if (!port.empty()) {
        const auto [end, error] =
            std::from_chars(port.data(), port.data() + port.size(), authority.port);
        const bool number = error == std::errc{} && end == port.data() + port.size();
        if (!number || authority.port < 1 || authority.port > 65535) throw wrong;
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) throw wrong;
    authority.host = host;
    return authority;
}

/// Stops the client when the time is up: the library's own limits are for each read, so that a
/// target which sends a byte now and then would be waited for without end.
class Timer {
  public:
    Timer(httplib::Client& client, std::chrono::milliseconds timeout)
        : thread_([this, &client, timeout] {
              std::unique_lock<std::mutex> lock(mutex_);
              if (!done_.wait_for(lock, timeout, [this] { return finished_; })) client.stop();
          }) {}
    ~Timer() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            finished_ = true;
        }
        done_.notify_all();
        thread_.join();
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable done_;
    bool finished_ = false;
    std::thread thread_;
};

}  // namespace

OpsClient::OpsClient(const std::string& url, std::chrono::milliseconds timeout)
    : url_(url), timeout_(timeout) {
    const Authority authority = Parse(url);
    host_ = authority.host;
    port_ = authority.port;
}

OpsAnswer OpsClient::Ask(const std::string& method, const std::string& path) const {
    httplib::Client client(host_, port_);
    client.set_connection_timeout(timeout_);
    client.set_read_timeout(timeout_);
    client.set_write_timeout(timeout_);
    OpsAnswer answer;
    bool too_long = false;
    httplib::Request request;
    request.method = method;
    request.path = path;
    if (method == "POST") request.set_header("Content-Length", "0");
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                   std::uint64_t) {
        too_long = answer.body.size() + size > kMaxBody;
        if (!too_long) answer.body.append(data, size);
        return !too_long;
    };
    const auto until = std::chrono::steady_clock::now() + timeout_;
    const httplib::Result result = [&] {
        const Timer timer(client, timeout_);
        return client.send(request);
    }();
    if (too_long) throw Unreachable("the answer of " + url_ + path + " has no end");
    if (!result) {
        if (std::chrono::steady_clock::now() >= until) {
            throw Unreachable("no answer from " + url_ + " within " +
                              std::to_string(timeout_.count()) + " ms");
        }
        if (result.error() == httplib::Error::Connection) {
            throw NobodyThere("nothing answers at " + url_);
        }
        throw Unreachable("what answers at " + url_ + " is not an ops port (" +
                          to_string(result.error()) + ")");
    }
    answer.status = result->status;
    return answer;
}

nlohmann::ordered_json OpsClient::GetJson(const std::string& path, int* status) const {
    const OpsAnswer answer = Get(path);
    nlohmann::ordered_json body = nlohmann::ordered_json::parse(answer.body, nullptr, false);
    if (!body.is_object()) {
        throw Unreachable("what answers at " + url_ + " is not an ops port (" + path +
                          " is not JSON)");
    }
    if (answer.status != 200 && !(status != nullptr && answer.status == 503)) {
        throw Unreachable(url_ + path + " answers " + std::to_string(answer.status));
    }
    if (status != nullptr) *status = answer.status;
    return body;
}

}  // namespace holdfast::ctl
