// The wall clock jumps by hours, both ways, while requests are in flight.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <future>
#include <set>
#include <system_error>

#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::MatchesRegex;

// A busy machine may keep a worker silent for a second, but not for hours.
constexpr const char* kConfig = R"(
bus: {peer_timeout: 10s}
ready: {required_services: []}
routes:
  - path: /v1/orders
    methods: [POST]
    service: orders
    timeout: 5s
    idempotency_key: true
    add: {orderId: uuid7, receivedAt: received_at, customer: body.customer, currency: body.currency}
  - {path: /v1/slow, methods: [POST], service: trouble, timeout: 20s}
  - {path: /v1/brief, methods: [POST], service: trouble, timeout: 1500ms}
)";

/// The wall clock of the programs that were started with its environment.
class WallClock {
  public:
    explicit WallClock(const std::string& path) : path_(path) {
        const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || ftruncate(file, sizeof *offset_) != 0) {
            throw std::system_error(errno, std::generic_category(), path);
        }
        void* mapped = mmap(nullptr, sizeof *offset_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
        offset_ = static_cast<std::atomic<std::int64_t>*>(mapped);
    }
    ~WallClock() { munmap(offset_, sizeof *offset_); }
    WallClock(const WallClock&) = delete;
    WallClock& operator=(const WallClock&) = delete;

    void Set(seconds offset) { offset_->store(offset.count()); }
    std::map<std::string, std::string> Environment() const {
        std::map<std::string, std::string> environment = {
            {"LD_PRELOAD", HOLDFAST_TEST_WALL_CLOCK_LIBRARY}, {"HOLDFAST_TEST_WALL_CLOCK", path_}};
#if defined(__SANITIZE_ADDRESS__)
        environment["ASAN_OPTIONS"] = "verify_asan_link_order=0";
#endif
        return environment;
    }

  private:
    std::string path_;
    std::atomic<std::int64_t>* offset_ = nullptr;
};

class ClockStep : public ::testing::Test {
  protected:
    ClockStep() : stack_(kConfig), clock_(stack_.directory() / "offset") {
        stack_.StartGateway(clock_.Environment());
        Start("orders", OrdersOptions(stack_.database(), 2));
        Start("trouble", {"--threads", "4"});
        EXPECT_TRUE(stack_.WaitForWorkers(2)) << stack_.gateway().Output();
    }

    void Start(const std::string& plugin, const std::vector<std::string>& options) {
        workers_.push_back(std::make_unique<Process>(
            WorkerCommand(plugin, {Endpoint(stack_.ports().bus)}, options),
            stack_.directory() / (plugin + ".log"), clock_.Environment()));
    }

    /// An order's answer; its ids are looked at.
    nlohmann::json Create(const std::string& customer, const std::string& key) {
        httplib::Client client = stack_.Client();
        const auto answer = stack_.PostOrder(client, customer, 1, key);
        if (!answer || answer->status != 201) {
            ADD_FAILURE() << customer << ": " << (answer ? answer->body : "no answer");
            return {};
        }
        const auto order = nlohmann::json::parse(answer->body);
        EXPECT_THAT(order.at("orderId").get<std::string>(),
                    MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
        return order;
    }

    /// How far the time that `text` begins with is from this program's.
    static seconds OffsetOf(std::string text) {
        std::tm time{};
        text.replace(text.find_first_of(" T"), 1, "T");
        strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
        return seconds(timegm(&time) - std::time(nullptr));
    }

    Stack stack_;
    WallClock clock_;
    std::vector<std::unique_ptr<Process>> workers_;
};

TEST_F(ClockStep, MovesNoDeadlineAndEndsNoSession) {
    struct Ended {
        int status;
        steady_clock::duration took;
    };
    const auto ask = [this](const char* path, const char* trouble) {
        return std::async(std::launch::async, [this, path, trouble] {
            httplib::Client client = stack_.Client();
            const auto begin = steady_clock::now();
            const auto answer = client.Post(path, trouble, "text/plain");
            return Ended{answer ? answer->status : 0, steady_clock::now() - begin};
        });
    };
    for (const hours step : {hours(6), hours(-12), hours(0)}) {
        SCOPED_TRACE(step.count());
        auto answered = ask("/v1/slow", "later 1000");
        auto slept = ask("/v1/slow", "sleep 1000");
        auto expired = ask("/v1/brief", "never");
        std::this_thread::sleep_for(milliseconds(300));  // they are in flight
        clock_.Set(step);
        EXPECT_EQ(answered.get().status, 200);
        EXPECT_EQ(slept.get().status, 200);
        const Ended late = expired.get();
        EXPECT_EQ(late.status, 504);
        EXPECT_GE(late.took, milliseconds(1495)) << "a step forward brings no deadline nearer";
        EXPECT_LT(late.took, seconds(5)) << "a step back moves none away";
    }
    EXPECT_EQ(stack_.Metric("holdfast_workers_total{event=\"lost\"}"), 0);
    EXPECT_TRUE(stack_.WaitForWorkers(2));
    EXPECT_EQ(stack_.OpsClient().Get("/healthz")->status, 200);
    EXPECT_TRUE(Eventually([&] { return stack_.Pending() == 0; }));
}

TEST_F(ClockStep, LeavesIdsUniqueAndKeysTrueAndLogsGoOn) {
    std::set<std::string> ids;
    const std::string first = Create("first", "the-key").at("orderId");
    for (const hours step : {hours(6), hours(-6), hours(0), hours(-3)}) {
        SCOPED_TRACE(step.count());
        const std::size_t logged = stack_.gateway().Output().size();
        clock_.Set(step);
        const nlohmann::json order = Create("at " + std::to_string(step.count()), "");
        EXPECT_LT(std::abs((OffsetOf(order.at("receivedAt")) - step).count()), 60)
            << "the step was seen";
        for (int i = 0; i < 20; ++i) {
            const std::string customer = std::to_string(step.count()) + " " + std::to_string(i);
            EXPECT_TRUE(ids.insert(Create(customer, "").at("orderId")).second);
        }
        EXPECT_EQ(Create("first", "the-key").at("orderId"), first) << "a key lives on";
        Start("echo", {});  // its welcome is a line of the log
        EXPECT_TRUE(Eventually([&] {
            const std::string log = stack_.gateway().Output();
            return log.size() > logged &&
                   std::abs((OffsetOf(log.substr(logged)) - step).count()) < 60;
        })) << stack_.gateway().Output();
    }
}

}  // namespace
}  // namespace holdfast::testing
