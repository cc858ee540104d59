// The leg alone: requests through a real Bus to an echo worker on a real DEALER, no HTTP.
//
//     leg_bench [seconds] [in flight] [body bytes]
//
// Three threads besides libzmq's: the bus, one loop that keeps so many requests in flight, and the
// worker, which takes the envelopes apart with the generated classes as any worker would.
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "gateway/bus/bus.h"
#include "gateway/bus/event_waker.h"
#include "proto/envelope.pb.h"

namespace {

using namespace holdfast;
using namespace holdfast::gateway;
using std::chrono::steady_clock;

/// Joins, and answers each request with its own body.
class EchoWorker {
  public:
    explicit EchoWorker(std::uint16_t port) : socket_(context_, ZMQ_DEALER) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::probe_router, true);
        socket_.connect("tcp://127.0.0.1:" + std::to_string(port));
        thread_ = std::thread([this] { Run(); });
    }
    ~EchoWorker() {
        stop_ = true;
        thread_.join();
    }

  private:
    void Run() {
        pthread_setname_np(pthread_self(), "echo-worker");
        zmq::message_t message;
        socket_.set(zmq::sockopt::rcvtimeo, 100);
        while (!stop_) {
            if (socket_.recv(message)) {
                in_.ParseFromArray(message.data(), static_cast<int>(message.size()));
                Answer();
            }
        }
    }
    void Answer() {
        out_.Clear();
        if (in_.has_who_are_you()) {
            wire::Hello& hello = *out_.mutable_hello();
            hello.set_protocol(1);
            hello.set_instance("bench");
            hello.add_services()->set_name("echo");
        }
        if (in_.has_welcome()) {
            session_ = in_.session();
            out_.mutable_request_credit()->set_requests_total(std::uint64_t{1} << 60U);
            out_.mutable_request_credit()->set_bytes_total(std::uint64_t{1} << 60U);
        }
        if (in_.has_ping()) out_.mutable_pong()->set_sequence(in_.ping().sequence());
        for (wire::Request& request : *in_.mutable_requests()) {
            wire::Reply& reply = *out_.add_replies();
            reply.set_id(request.id());
            reply.set_attempt(request.attempt());
            reply.set_status(200);
            reply.mutable_body()->swap(*request.mutable_body());
        }
        if (out_.ByteSizeLong() == 0) return;
        out_.set_session(session_);
        zmq::message_t message(out_.ByteSizeLong());
        out_.SerializeWithCachedSizesToArray(message.data<std::uint8_t>());
        socket_.send(message, zmq::send_flags::none);
    }

    zmq::context_t context_;
    zmq::socket_t socket_;
    std::thread thread_;
    std::atomic<bool> stop_{false};
    std::uint64_t session_ = 0;
    wire::Envelope in_;
    wire::Envelope out_;
};

/// CPU seconds of each thread of this process, by name.
std::map<std::string, double> CpuByThread() {
    std::map<std::string, double> seconds;
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "stat");
        std::string line;
        std::getline(file, line);
        const auto open = line.find('(');
        const auto close = line.rfind(')');
        if (open == std::string::npos || close == std::string::npos) continue;
        std::istringstream fields(line.substr(close + 1));
        std::string skipped;
        for (int i = 0; i < 11; ++i) fields >> skipped;
        double user = 0;
        double system = 0;
        fields >> user >> system;
        const std::string id = task.path().filename().string();
        seconds[line.substr(open + 1, close - open - 1) + "/" + id] = (user + system) / tick;
    }
    return seconds;
}

class Driver {
  public:
    Driver(std::size_t in_flight, std::size_t body_bytes)
        : in_flight_(in_flight), body_(body_bytes, 'b'), inbox_(2 * in_flight, waker_) {
        BusOptions options;
        options.port = 0;
        options.gateway = "bench";
        options.dispatcher.services = {"echo"};
        options.dispatcher.pending_requests = static_cast<std::uint32_t>(in_flight);
        route_.path = "/echo";
        route_.service = "echo";
        bus_ = std::make_unique<Bus>(
            options, replies_, snapshots_, inquiries_, counters_, watchdog_,
            [](BusLogLevel, std::string_view line) { std::cerr << line << '\n'; });
        bus_->Start({&inbox_});
    }
    ~Driver() { bus_->Stop(); }

    void Run(std::chrono::seconds time) {
        EchoWorker worker(bus_->port());
        while (!bus_->HasWorkerFor(0)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        for (std::size_t i = 0; i < in_flight_; ++i) Submit();
        bus_->inbox().PushAll(batch_);
        Loop(std::chrono::seconds(1));  // until it is warm
        const auto cpu_before = CpuByThread();
        const auto envelopes_before = counters_.Get(Counter::kEnvelopesSent);
        const auto begin = steady_clock::now();
        const std::uint64_t done = Loop(time);
        const std::chrono::duration<double> took = steady_clock::now() - begin;
        const auto cpu_after = CpuByThread();
        const auto envelopes = counters_.Get(Counter::kEnvelopesSent) - envelopes_before;
        std::printf("leg alone, %zu in flight, %zu B bodies: %.0f requests/s, %.1f per envelope\n",
                    in_flight_, body_.size(), static_cast<double>(done) / took.count(),
                    static_cast<double>(done) / static_cast<double>(envelopes));
        for (const auto& [name, seconds] : cpu_after) {
            const auto before = cpu_before.find(name);
            const double used = seconds - (before == cpu_before.end() ? 0 : before->second);
            if (used < 0.05) continue;
            std::printf("  %-24s %.2f us CPU per request\n", name.c_str(),
                        used * 1e6 / static_cast<double>(done));
        }
        submitting_ = false;
        while (pending_ != 0) Collect();
    }

  private:
    void Submit() {
        Request request;
        request.route = &route_;
        request.method = "POST";
        request.target = "/echo";
        request.headers.Append("content-type", "application/json");
        request.body = body_;
        request.received = Clock::now();
        request.deadline = request.received + std::chrono::seconds(30);
        batch_.push_back({BusItem::Kind::kSubmit,
                          DeferredResult::Create(std::move(request), Permit(), 0, nullptr)});
        ++pending_;
    }
    void Collect() {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t n = read(waker_.poll_fd(), &count, sizeof count);
        inbox_.TakeAll(taken_);
        for (Completion& completion : taken_) {
            if (completion.outcome != Outcome::kReplied) {
                std::fprintf(stderr, "not replied: %s\n", Name(completion.outcome).data());
                std::exit(1);
            }
            --pending_;
            ++done_;
            if (submitting_) Submit();
        }
        taken_.clear();
        bus_->inbox().PushAll(batch_);
    }
    std::uint64_t Loop(std::chrono::seconds time) {
        const std::uint64_t before = done_;
        const auto until = steady_clock::now() + time;
        while (steady_clock::now() < until) {
            zmq::pollitem_t item{nullptr, waker_.poll_fd(), ZMQ_POLLIN, 0};
            zmq::poll(&item, 1, std::chrono::milliseconds(100));
            Collect();
        }
        return done_ - before;
    }

    const std::size_t in_flight_;
    const std::string body_;
    Route route_;
    ReplyBudget replies_{64U << 20U};
    SnapshotCell snapshots_;
    InquiryDesk inquiries_;
    CounterBlock counters_;
    Watchdog watchdog_;
    EventWaker waker_;
    CompletionInbox inbox_;
    std::unique_ptr<Bus> bus_;
    std::vector<BusItem> batch_;
    std::vector<Completion> taken_;
    std::size_t pending_ = 0;
    std::uint64_t done_ = 0;
    bool submitting_ = true;
};

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int i, unsigned long otherwise) {
        return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
    };
    Driver driver(argument(2, 64), argument(3, 300));
    driver.Run(std::chrono::seconds(argument(1, 5)));
}
