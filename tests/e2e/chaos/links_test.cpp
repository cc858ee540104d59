// The link that misbehaves in the chaos tests does what it is told, and nothing else.
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/support/chaos/fault_schedule.h"
#include "tests/support/chaos/tcp_proxy.h"
#include "tests/support/stack/stack.h"

namespace holdfast::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class Links : public ::testing::Test {
  protected:
    Links() : port_(server_.bind_to_any_port("127.0.0.1")) {
        server_.Post("/", [this](const httplib::Request& request, httplib::Response& response) {
            ++arrived_;
            std::this_thread::sleep_for(milliseconds(request.body == "slow" ? 500 : 0));
            response.set_content(request.body, "text/plain");
        });
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        link_ = std::make_unique<TcpProxy>(FreePort(), static_cast<std::uint16_t>(port_), 7);
    }
    ~Links() override {
        link_.reset();
        server_.stop();
        thread_.join();
    }

    httplib::Result Post(const std::string& body, milliseconds patience = seconds(10)) {
        httplib::Client client("127.0.0.1", link_->port());
        client.set_read_timeout(patience);
        return client.Post("/", body, "text/plain");
    }

    std::atomic<int> arrived_{0};
    httplib::Server server_;
    int port_;
    std::thread thread_;
    std::unique_ptr<TcpProxy> link_;
};

TEST_F(Links, AHealthyLinkCarriesWhatItIsGiven) {
    const std::string large(3 << 20, 'x');
    for (const std::string& body : {std::string("small"), large, std::string("again")}) {
        const auto answer = Post(body);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, body);
    }
    EXPECT_EQ(link_->counts().connections, 3U);
    EXPECT_EQ(link_->counts().cut, 0U);
}

TEST_F(Links, AStalledLinkMovesNothingUntilItIsHealed) {
    link_->Behave({.stalled = true});
    EXPECT_FALSE(Post("held", milliseconds(200)));
    const auto begin = steady_clock::now();
    std::thread healer([this] {
        std::this_thread::sleep_for(milliseconds(200));
        link_->Behave();
    });
    const auto answer = Post("late");
    EXPECT_GE(steady_clock::now() - begin, milliseconds(150));
    healer.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "late");
}

TEST_F(Links, ALinkThatHoldsOneDirectionCarriesTheOther) {
    auto under_way = std::async(std::launch::async, [this] { return Post("slow"); });
    ASSERT_TRUE(Eventually([this] { return arrived_ == 1; }));
    link_->Behave({.forth_stalled = true});
    EXPECT_TRUE(under_way.get());
    EXPECT_FALSE(Post("held", milliseconds(200)));
    EXPECT_EQ(arrived_, 1);
    link_->Behave();
    EXPECT_TRUE(Post("again"));
}

TEST_F(Links, AThrottledLinkTakesItsTime) {
    link_->Behave({.bytes_per_second = 20'000});
    const auto begin = steady_clock::now();
    const auto answer = Post(std::string(10'000, 'x'));
    ASSERT_TRUE(answer);
    EXPECT_GE(steady_clock::now() - begin, milliseconds(400)) << "10 kB at 20 kB a second";
}

TEST_F(Links, ACutLinkResetsWithinTheBytesThatItIsTold) {
    link_->Behave({.cut_back_within = 100});
    EXPECT_FALSE(Post(std::string(1000, 'x')));
    link_->Behave({.cut_forth_within = 100});
    EXPECT_FALSE(Post(std::string(1000, 'x')));
    EXPECT_TRUE(Eventually([&] { return link_->counts().cut == 2; }));
    link_->Behave();
    EXPECT_TRUE(Post("whole"));
}

TEST_F(Links, ACorruptingLinkFlipsAboutAsManyBitsAsItIsTold) {
    httplib::Client client("127.0.0.1", link_->port());
    client.set_keep_alive(true);
    const std::string body(200'000, 'x');
    ASSERT_TRUE(client.Post("/", "before", "text/plain"));
    link_->Behave({.corrupt_one_in = 50'000});  // the heads are small: they hardly meet one
    const auto answer = client.Post("/", body, "text/plain");
    const auto flipped = link_->counts().corrupted;
    EXPECT_GE(flipped, 3U);
    EXPECT_LE(flipped, 20U);
    if (answer) {
        EXPECT_NE(answer->body, body);
    }
}

TEST(Schedule, IsTheSameForTheSameSeedAndHasEveryKind) {
    const FaultTargets targets{.gateways = 2, .workers = 4, .corruptible = true};
    const auto text = [&](std::uint64_t seed) {
        std::string lines;
        for (const Fault& fault : MakeSchedule(seed, seconds(25), targets)) {
            lines += ToText(fault) + "\n";
        }
        return lines;
    };
    EXPECT_EQ(text(5), text(5));
    EXPECT_NE(text(5), text(6));
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string lines = text(seed);
        for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
            EXPECT_NE(lines.find(Name(static_cast<FaultKind>(kind))), std::string::npos)
                << "seed " << seed << " has no " << Name(static_cast<FaultKind>(kind));
        }
    }
}

}  // namespace
}  // namespace holdfast::testing
