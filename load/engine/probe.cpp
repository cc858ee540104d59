#include "load/engine/probe.h"

#include <poll.h>

#include <algorithm>
#include <string>

#include "load/engine/connection.h"
#include "load/engine/stream.h"

namespace holdfast::load {
namespace {

/// Empty: it took a connection.
std::string WhyNot(const Address& address, const TlsContext* tls) {
    Stream stream;
    std::string why;
    if (!stream.Connect(address, tls, why)) return why;
    const TimePoint until = Clock::now() + ConnectionParts::kConnectTimeout;
    // Not POLLOUT alone: during a handshake that is always true, and would spin.
    pollfd ready{.fd = stream.descriptor(), .events = POLLOUT, .revents = 0};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left <= std::chrono::milliseconds::zero()) break;
        if (::poll(&ready, 1, static_cast<int>(left.count())) == 0) break;
        const Stream::Status status = stream.Continue(why);
        if (status == Stream::Status::kOk) return {};
        if (status == Stream::Status::kError) return why;
        ready.events = POLLIN;
    }
    return tls != nullptr && ready.events == POLLIN ? "it took the connection, but speaks no TLS"
                                                    : "no answer within 5 s";
}

}  // namespace

void ProbeTarget(const Endpoint& endpoint, std::vector<Address>& addresses, const TlsContext* tls) {
    std::string reasons;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const std::string why = WhyNot(addresses[i], tls);
        if (why.empty()) {
            std::rotate(addresses.begin(), addresses.begin() + static_cast<std::ptrdiff_t>(i),
                        addresses.end());
            return;
        }
        if (!reasons.empty()) reasons += "; ";
        reasons += addresses[i].text + ": " + why;
    }
    throw TargetError(endpoint.Text() + " cannot be used: " + reasons +
                      (reasons.find("ertificate") == std::string::npos
                           ? "; is the target running, and is this its address?"
                           : ""));
}

}  // namespace holdfast::load
