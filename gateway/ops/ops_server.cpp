#include "gateway/ops/ops_server.h"

#include <httplib.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "gateway/ops/acceptor.h"
#include "gateway/ops/bounded_stream.h"
#include "gateway/ops/endpoints.h"

namespace holdfast::gateway {
namespace {

/// For a request to arrive and its answer to be taken, the wait for the bus thread included.
constexpr Duration kRequestTime = std::chrono::seconds(5);
/// A head; a body is never looked at.
constexpr std::size_t kMaxHead = 8 * 1024;

void Fill(httplib::Response& response, ops::Answer answer) {
    response.status = answer.status;
    if (!answer.allow.empty()) response.set_header("Allow", std::string(answer.allow));
    response.set_header("Cache-Control", "no-store");
    response.set_header("X-Content-Type-Options", "nosniff");
    response.body = std::move(answer.body);
    response.set_header("Content-Type", std::string(answer.content_type));
}

/// cpp-httplib's parser and writer over connections that are accepted, bounded and closed here.
/// Requests are answered before its own routing, which matches with std::regex and reads bodies.
class HttpFace : public httplib::Server {
  public:
    HttpFace(bool on_loopback, std::function<ops::Answer(const ops::Asked&)> answer) {
        set_pre_routing_handler([on_loopback, answer = std::move(answer)](
                                    const httplib::Request& request, httplib::Response& response) {
            const std::string host = request.get_header_value("Host");
            const std::string origin = request.get_header_value("Origin");
            Fill(response, answer({request.method, request.path, host, origin, on_loopback}));
            return HandlerResponse::Handled;
        });
        set_error_handler([](const httplib::Request&, httplib::Response& response) {
            if (!response.body.empty()) return;
            const int status = response.status;
            Fill(response, ops::Problem(status, "bad-request", "Bad request",
                                        "This is not a request that the ops port understands."));
        });
    }

    void Serve(ops::BoundedStream& stream) {
        bool closed = false;
        if (process_request(stream, true, closed, nullptr)) stream.Finish();
    }
};

}  // namespace

class OpsServer::Impl {
  public:
    Impl(OpsOptions options, OpsSources sources)
        : options_(std::move(options)),
          sources_(std::move(sources)),
          snapshots_(sources_.snapshots, std::max(2U, options_.threads) - 1),
          face_(options_.on_loopback, [this](const ops::Asked& asked) {
              return ops::Route(asked, {sources_, snapshots_, acceptor_->refused(), Clock::now()});
          }) {}

    void Start() {
        acceptor_.emplace(options_.address, options_.port, kMaxQueued,
                          [this](ops::Descriptor connection) { Serve(std::move(connection)); });
        acceptor_->Start(std::max(1U, options_.threads));
    }

    void Stop() {
        if (acceptor_) acceptor_->Stop();
    }

    std::uint16_t port() const { return acceptor_ ? acceptor_->port() : options_.port; }

  private:
    void Serve(ops::Descriptor connection) noexcept {
        try {
            ops::BoundedStream stream(connection.get(), acceptor_->stop_event(),
                                      Clock::now() + kRequestTime, kMaxHead);
            face_.Serve(stream);
        } catch (const std::exception&) {
            // Out of memory while parsing: this connection is closed, the port lives on.
            return;
        }
    }

    const OpsOptions options_;
    const OpsSources sources_;
    ops::SnapshotReader snapshots_;
    HttpFace face_;
    std::optional<ops::Acceptor> acceptor_;
};

OpsServer::OpsServer(OpsOptions options, OpsSources sources)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources))) {}
OpsServer::~OpsServer() {
    Stop();
}
std::uint16_t OpsServer::port() const {
    return impl_->port();
}
void OpsServer::Start() {
    impl_->Start();
}
void OpsServer::Stop() {
    impl_->Stop();
}

}  // namespace holdfast::gateway
