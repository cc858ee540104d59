#include "tests/e2e/memory/hostile_worker.h"

#include <array>
#include <chrono>
#include <random>
#include <utility>
#include <zmq.hpp>

#include "proto/envelope.pb.h"
#include "tests/support/leg/fake_worker.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;

/// After so many envelopes that are allowed comes one that ends the session.
constexpr int kPolite = 200;
constexpr std::size_t kMaxReply = 64U << 10U;     ///< bus.max_reply of deploy/small.yaml
constexpr std::size_t kMaxMessage = 128U << 10U;  ///< its bus.max_message

class Flood {
  public:
    explicit Flood(std::uint64_t session) : session_(session) {}

    /// One reply of nearly the largest size, or many small ones, and ever more credit.
    std::string Allowed() {
        wire::Envelope envelope;
        envelope.set_session(session_);
        envelope.mutable_request_credit()->set_requests_total(++credit_ << 20U);
        envelope.mutable_request_credit()->set_bytes_total(credit_ << 40U);
        if (credit_ % 2 == 0) {
            AddReply(envelope, kMaxReply - 1024);
        } else {
            for (int i = 0; i < 1000; ++i) AddReply(envelope, 10);
        }
        return envelope.SerializeAsString();
    }

    std::string Answer(const wire::Request& request) {
        wire::Envelope envelope;
        envelope.set_session(session_);
        wire::Reply& reply = AddReply(envelope, kMaxReply - 1024);
        reply.set_id(request.id());
        reply.set_attempt(request.attempt());
        return envelope.SerializeAsString();
    }

    std::string Forbidden() {
        wire::Envelope envelope;
        envelope.set_session(session_);
        switch (random_() % 4) {
            case 0:
                AddReply(envelope, kMaxReply + 1);
                break;
            case 1:
                AddReply(envelope, kMaxMessage);
                break;
            case 2:
                for (int i = 0; i < 5000; ++i) envelope.add_replies();
                break;
            default:
                return std::string(kMaxMessage - 1, '\xff');
        }
        return envelope.SerializeAsString();
    }

  private:
    wire::Reply& AddReply(wire::Envelope& envelope, std::size_t bytes) {
        wire::Reply& reply = *envelope.add_replies();
        reply.set_id(random_());
        reply.set_attempt(1);
        reply.set_status(200);
        reply.set_body(std::string(bytes, 'x'));
        return reply;
    }

    std::uint64_t session_;
    std::uint64_t credit_ = 0;
    std::mt19937_64 random_{4711};
};

}  // namespace

HostileWorker::HostileWorker(std::uint16_t port, std::string service)
    : port_(port), service_(std::move(service)), thread_([this] { Run(); }) {}

HostileWorker::~HostileWorker() {
    stop_ = true;
    thread_.join();
}

void HostileWorker::Run() {
    while (!stop_) Session();
}

void HostileWorker::Session() {
    zmq::context_t context(1);
    test::FakeWorker::Options options;
    options.send_timeout_ms = 100;
    test::FakeWorker worker(context, port_, options);
    worker.instance = "hostile";
    worker.services = {service_};
    // Where the gateway takes no more connections, nothing is asked.
    const auto asked_by = std::chrono::steady_clock::now() + milliseconds(500);
    while (!stop_ && worker.session() == 0 && std::chrono::steady_clock::now() < asked_by) {
        const auto envelope = worker.Receive(milliseconds(50));
        if (!envelope || !envelope->has_who_are_you()) continue;
        wire::Envelope hello;
        *hello.mutable_hello() = worker.MakeHello();
        worker.Send(hello);
    }
    if (worker.session() == 0) return;
    ++sessions_;
    Flood flood(worker.session());
    const auto send = [&](const std::string& bytes) {
        worker.SendBytes(bytes);
        bytes_ += bytes.size();
    };
    for (int i = 0; i < kPolite && !stop_; ++i) {
        send(flood.Allowed());
        while (worker.Receive(milliseconds(0))) {
        }
        while (const auto request = worker.NextRequest(milliseconds(0))) {
            send(flood.Answer(*request));
        }
    }
    for (int i = 0; i < 4 && !stop_; ++i) send(flood.Forbidden());
}

}  // namespace holdfast::testing
