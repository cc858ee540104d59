#include "tests/support/leg/fake_worker.h"

#include <algorithm>
#include <utility>

namespace holdfast::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

FakeWorker::FakeWorker(zmq::context_t& context, std::uint16_t port, const Options& options)
    : socket_(context, ZMQ_DEALER) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::immediate, options.immediate);
    socket_.set(zmq::sockopt::probe_router, options.probe);
    if (!options.routing_id.empty()) {
        socket_.set(zmq::sockopt::routing_id, options.routing_id);
    }
    if (options.receive_hwm != 0) socket_.set(zmq::sockopt::rcvhwm, options.receive_hwm);
    if (options.receive_buffer != 0) socket_.set(zmq::sockopt::rcvbuf, options.receive_buffer);
    if (options.heartbeat_ms != 0) {
        socket_.set(zmq::sockopt::heartbeat_ivl, options.heartbeat_ms);
        socket_.set(zmq::sockopt::heartbeat_timeout, 60'000);
    }
    socket_.set(zmq::sockopt::sndtimeo, options.send_timeout_ms);
    if (!options.curve.server.empty()) {
        socket_.set(zmq::sockopt::curve_serverkey, options.curve.server);
        socket_.set(zmq::sockopt::curve_publickey, options.curve.own_public);
        socket_.set(zmq::sockopt::curve_secretkey, options.curve.own_secret);
    }
    socket_.connect("tcp://127.0.0.1:" + std::to_string(port));
}

void FakeWorker::SendFrames(const std::vector<std::string_view>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto flags = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
        socket_.send(zmq::const_buffer(frames[i].data(), frames[i].size()), flags);
    }
}

std::optional<wire::Envelope> FakeWorker::Receive(milliseconds patience) {
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, patience);
    zmq::message_t message;
    if (!socket_.recv(message, zmq::recv_flags::dontwait)) return std::nullopt;
    wire::Envelope envelope;
    if (!envelope.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
        return std::nullopt;
    }
    Take(envelope);
    return envelope;
}

void FakeWorker::Take(const wire::Envelope& envelope) {
    if (envelope.has_who_are_you()) asked_.push_back(envelope.who_are_you());
    if (envelope.has_welcome()) {
        session_ = envelope.session();
        welcome_ = envelope.welcome();
        welcomes_.push_back(envelope.welcome());
    }
    if (envelope.has_refused()) refusals_.push_back(envelope.refused());
    if (envelope.has_reply_credit()) reply_credit_ = envelope.reply_credit().bytes_total();
    if (envelope.has_goodbye_ack()) acks_.push_back(envelope.goodbye_ack());
    if (envelope.requests_size() != 0) ++envelopes_with_requests_;
    requests_.insert(requests_.end(), envelope.requests().begin(), envelope.requests().end());
    cancels_.insert(cancels_.end(), envelope.cancels().begin(), envelope.cancels().end());
    if (envelope.has_ping() && answer_pings) {
        wire::Envelope pong;
        pong.set_session(session_);
        pong.mutable_pong()->set_sequence(envelope.ping().sequence());
        Send(pong);
    }
}

template <typename Item>
std::optional<Item> FakeWorker::Next(std::vector<Item>& queue, milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    while (queue.empty()) {
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) return std::nullopt;
        Receive(left);
    }
    Item first = std::move(queue.front());
    queue.erase(queue.begin());
    return first;
}

wire::Hello FakeWorker::MakeHello() const {
    wire::Hello hello;
    hello.set_protocol(1);
    hello.set_instance(instance);
    hello.set_version("test");
    hello.set_threads(4);
    hello.set_pid(4711);
    hello.set_host("here");
    for (const std::string& name : services) {
        wire::Service& service = *hello.add_services();
        service.set_name(name);
        service.set_plugin("lib" + name + ".so");
    }
    return hello;
}

bool FakeWorker::Join(std::uint64_t requests) {
    return NextWhoAreYou() && JoinAs(MakeHello(), requests);
}

bool FakeWorker::JoinAs(const wire::Hello& hello, std::uint64_t requests) {
    wire::Envelope envelope;
    *envelope.mutable_hello() = hello;
    Send(envelope);
    if (!Next(welcomes_, kPatience)) return false;
    Grant(requests);
    return true;
}

void FakeWorker::Grant(std::uint64_t requests_total, std::uint64_t bytes_total) {
    wire::Envelope envelope;
    envelope.set_session(session_);
    envelope.mutable_request_credit()->set_requests_total(requests_total);
    envelope.mutable_request_credit()->set_bytes_total(bytes_total);
    Send(envelope);
}

std::optional<wire::WhoAreYou> FakeWorker::NextWhoAreYou() {
    return Next(asked_, kPatience);
}
std::optional<wire::Refused> FakeWorker::NextRefused() {
    return Next(refusals_, kPatience);
}
std::optional<wire::Request> FakeWorker::NextRequest(milliseconds patience) {
    return Next(requests_, patience);
}
std::optional<wire::Cancel> FakeWorker::NextCancel(milliseconds patience) {
    return Next(cancels_, patience);
}
bool FakeWorker::NextGoodbyeAck() {
    return Next(acks_, kPatience).has_value();
}

void FakeWorker::Answer(const wire::Request& request, std::uint32_t status, std::string body) {
    wire::Envelope envelope;
    envelope.set_session(session_);
    wire::Reply& reply = *envelope.add_replies();
    reply.set_id(request.id());
    reply.set_attempt(request.attempt());
    reply.set_status(status);
    reply.set_body(std::move(body));
    Send(envelope);
}

void FakeWorker::SayGoodbye() {
    wire::Envelope envelope;
    envelope.set_session(session_);
    envelope.mutable_goodbye();
    Send(envelope);
}

void FakeWorker::CloseAfter(milliseconds linger) {
    socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
    socket_.close();
}

void FakeWorker::Idle(milliseconds time) {
    const auto until = steady_clock::now() + time;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) return;
        Receive(left);
    }
}

}  // namespace holdfast::test
