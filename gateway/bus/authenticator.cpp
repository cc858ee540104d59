#include "gateway/bus/authenticator.h"

#include <array>
#include <string_view>
#include <utility>

#include "gateway/bus/receive_frame.h"

namespace holdfast::gateway {
namespace {

// A ZAP request: version, request id, domain, address, identity, mechanism, the client's key.
constexpr std::size_t kRequestFrames = 7;
constexpr std::size_t kVersion = 0;
constexpr std::size_t kRequestId = 1;
constexpr std::size_t kMechanism = 5;
constexpr std::size_t kKey = 6;
constexpr std::string_view kZapVersion = "1.0";

void Reply(zmq::socket_t& handler, std::string_view request_id, bool allowed) {
    const std::array<std::string_view, 6> frames = {
        kZapVersion, request_id, allowed ? "200" : "400", allowed ? "OK" : "No such worker",
        "",          ""};
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
        // Between threads of one process; the asker waits for exactly this answer.
        zmq_send(handler.handle(), frames[i].data(), frames[i].size(), ZMQ_DONTWAIT | more);
    }
}

}  // namespace

Authenticator::Authenticator(zmq::context_t& context, std::shared_ptr<const WorkerKeys> keys)
    : handler_(context, ZMQ_REP), keys_(std::move(keys)) {
    handler_.set(zmq::sockopt::linger, 0);
    handler_.bind("inproc://zeromq.zap.01");
    poll_fd_ = handler_.get(zmq::sockopt::fd);
}

std::size_t Authenticator::Answer() {
    const std::shared_ptr<const WorkerKeys> keys = Keys();
    std::size_t refused = 0;
    std::array<zmq::message_t, kRequestFrames> frames;
    while (ReceiveFrame(handler_, frames[0])) {
        std::size_t count = 1;
        bool more = frames[0].more();
        while (more) {
            zmq::message_t beyond;
            zmq::message_t& into = count < kRequestFrames ? frames[count] : beyond;
            if (!ReceiveFrame(handler_, into)) break;
            more = into.more();
            ++count;
        }
        const zmq::message_t& key = frames[kKey];
        const bool allowed = count == kRequestFrames &&
                             frames[kVersion].to_string_view() == kZapVersion &&
                             frames[kMechanism].to_string_view() == "CURVE" &&
                             keys->Contains({key.data<std::uint8_t>(), key.size()});
        if (!allowed) ++refused;
        Reply(handler_, frames[kRequestId].to_string_view(), allowed);
    }
    return refused;
}

void Authenticator::SetKeys(std::shared_ptr<const WorkerKeys> keys) {
    MutexLock lock(mutex_);
    keys_ = std::move(keys);
}

std::shared_ptr<const WorkerKeys> Authenticator::Keys() const {
    MutexLock lock(mutex_);
    return keys_;
}

}  // namespace holdfast::gateway
