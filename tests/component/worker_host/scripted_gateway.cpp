#include "tests/component/worker_host/scripted_gateway.h"

#include <algorithm>
#include <utility>

namespace holdfast::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPingInterval{100};

}  // namespace

void ScriptedGateway::Bind(const std::string& port) {
    router_ = zmq::socket_t(context_, zmq::socket_type::router);
    router_.set(zmq::sockopt::linger, 0);
    // A port is free again only some time after its socket was closed.
    const auto until = steady_clock::now() + kPatience;
    for (;;) {
        try {
            router_.bind("tcp://127.0.0.1:" + port);
            break;
        } catch (const zmq::error_t&) {
            if (steady_clock::now() >= until) throw;
        }
    }
    const std::string bound = router_.get(zmq::sockopt::last_endpoint);
    port_ = bound.substr(bound.rfind(':') + 1);
}

void ScriptedGateway::Restart() {
    router_.close();
    session = 0;
    worker_.clear();
    Bind(port_);
}

std::string ScriptedGateway::endpoint() const {
    return "tcp://127.0.0.1:" + port_;
}

bool ScriptedGateway::WaitFor(const std::function<bool()>& condition, milliseconds patience) {
    const auto until = steady_clock::now() + patience;
    for (;;) {
        PingIfDue();
        Pump();
        if (condition()) return true;
        if (steady_clock::now() >= until) return false;
        zmq::pollitem_t item{router_.handle(), 0, ZMQ_POLLIN, 0};
        zmq::poll(&item, 1, milliseconds(20));
    }
}

bool ScriptedGateway::WaitWelcomed() {
    return WaitFor(
        [this] { return session != 0 && !credits.empty() && credits.back().first == session; });
}

void ScriptedGateway::Idle(milliseconds time) {
    WaitFor([] { return false; }, time);
}

void ScriptedGateway::Drain() {
    Pump();
}

void ScriptedGateway::PingIfDue() {
    if (!ping || session == 0 || steady_clock::now() < next_ping_) return;
    next_ping_ = steady_clock::now() + kPingInterval;
    wire::Envelope envelope;
    envelope.mutable_ping()->set_sequence(++ping_sequence_);
    Send(envelope);
}

void ScriptedGateway::Pump() {
    zmq::message_t identity;
    zmq::message_t body;
    while (router_.recv(identity, zmq::recv_flags::dontwait)) {
        if (!router_.recv(body, zmq::recv_flags::dontwait)) continue;
        if (body.size() == 0) {
            ++probes;
            worker_ = identity.to_string();
            wire::Envelope question;
            question.mutable_who_are_you()->set_protocol(1);
            if (ask_who) SendBytes(question.SerializeAsString());
            continue;
        }
        wire::Envelope envelope;
        if (envelope.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
            Take(identity.to_string(), envelope);
        } else {
            ++unreadable;
        }
    }
}

void ScriptedGateway::Take(const std::string& identity, const wire::Envelope& envelope) {
    if (envelope.has_hello()) {
        hellos.push_back(envelope.hello());
        worker_ = identity;
        if (refuse) {
            wire::Envelope answer;
            answer.mutable_refused()->set_reason(wire::Refused::PROTOCOL);
            answer.mutable_refused()->set_protocol(9);
            answer.mutable_refused()->set_detail("only 9");
            SendBytes(answer.SerializeAsString());
        } else if (welcome) {
            Welcome();
        }
    }
    if (envelope.has_pong()) pongs.push_back(envelope.pong());
    if (envelope.has_description()) descriptions.push_back(envelope.description());
    if (envelope.has_request_credit()) {
        credits.emplace_back(envelope.session(), envelope.request_credit());
    }
    replies.insert(replies.end(), envelope.replies().begin(), envelope.replies().end());
    returns.insert(returns.end(), envelope.returns().begin(), envelope.returns().end());
    if (envelope.has_goodbye()) {
        ++goodbyes;
        wire::Envelope ack;
        ack.mutable_goodbye_ack();
        ack.set_session(envelope.session());
        // Under a supervisor it may come from another worker than the one that is served now.
        const std::string present = std::exchange(worker_, identity);
        if (ack_goodbye) Send(ack);
        worker_ = present;
    }
}

void ScriptedGateway::Welcome() {
    session = ++next_session_;
    sequence_ = 0;
    next_ping_ = steady_clock::now() + kPingInterval;
    wire::Envelope envelope;
    wire::Welcome& to = *envelope.mutable_welcome();
    to.set_protocol(1);
    to.set_gateway("scripted");
    to.set_ping_interval_ms(static_cast<std::uint32_t>(kPingInterval.count()));
    to.set_lease_ms(500);
    to.set_max_message_bytes(2U << 20U);
    to.set_max_reply_bytes(1U << 20U);
    envelope.mutable_reply_credit()->set_bytes_total(reply_credit);
    Send(envelope);
}

void ScriptedGateway::SendFrames(const std::vector<std::string_view>& frames) {
    std::vector<std::string_view> all = {worker_};
    all.insert(all.end(), frames.begin(), frames.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto flags = i + 1 < all.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
        router_.send(zmq::buffer(all[i]), flags | zmq::send_flags::dontwait);
    }
}

void ScriptedGateway::Send(wire::Envelope envelope) {
    if (envelope.session() == 0) envelope.set_session(session);
    SendBytes(envelope.SerializeAsString());
}

wire::Request ScriptedGateway::MakeRequest(std::string_view command, std::uint32_t timeout_ms) {
    wire::Request request;
    request.set_id(++next_id_);
    request.set_attempt(1);
    request.set_sequence(++sequence_);
    request.set_timeout_ms(timeout_ms);
    request.set_service(service);
    request.set_route("/trouble");
    request.set_method("POST");
    request.set_target("/trouble");
    request.set_body(std::string(command));
    return request;
}

std::uint64_t ScriptedGateway::Ask(std::string_view command, std::uint32_t timeout_ms) {
    wire::Envelope envelope;
    *envelope.add_requests() = MakeRequest(command, timeout_ms);
    Send(envelope);
    return next_id_;
}

void ScriptedGateway::Cancel(std::uint64_t id) {
    wire::Envelope envelope;
    wire::Cancel& cancel = *envelope.add_cancels();
    cancel.set_id(id);
    cancel.set_attempt(1);
    Send(envelope);
}

std::optional<wire::Reply> ScriptedGateway::ReplyTo(std::uint64_t id, milliseconds patience) {
    const auto of = [id](const wire::Reply& reply) { return reply.id() == id; };
    if (!WaitFor([&] { return std::any_of(replies.begin(), replies.end(), of); }, patience)) {
        return std::nullopt;
    }
    return *std::find_if(replies.begin(), replies.end(), of);
}

std::optional<wire::Return> ScriptedGateway::ReturnOf(std::uint64_t id) {
    const auto of = [id](const wire::Return& item) { return item.id() == id; };
    if (!WaitFor([&] { return std::any_of(returns.begin(), returns.end(), of); })) {
        return std::nullopt;
    }
    return *std::find_if(returns.begin(), returns.end(), of);
}

}  // namespace holdfast::test
