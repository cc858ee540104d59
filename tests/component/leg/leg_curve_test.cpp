// The encrypted leg: who is let in, who is not, and that those outside change nothing for the rest.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "proto/certificate.h"
#include "tests/support/leg/fake_worker.h"
#include "tests/support/leg/leg_under_test.h"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using gateway::Counter;
using std::chrono::milliseconds;

curve::Certificate MakeCertificate(const std::string& name) {
    std::array<char, 41> public_key{};
    std::array<char, 41> secret_key{};
    zmq_curve_keypair(public_key.data(), secret_key.data());
    return {name, public_key.data(), secret_key.data()};
}

class CurveLeg : public testing::Test {
  protected:
    CurveLeg()
        : folder_(fs::temp_directory_path() / ("holdfast-curve-" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_ / "workers");
        std::ofstream(folder_ / "gateway.key_secret") << curve::FormatCertificate(gateway_, true);
        Allow(known_);
    }
    ~CurveLeg() override { fs::remove_all(folder_); }

    void Allow(const curve::Certificate& worker) const {
        std::ofstream(folder_ / "workers" / (worker.name + ".key"))
            << curve::FormatCertificate(worker, false);
    }
    LegUnderTest::Change Encrypted() const {
        return [this](gateway::BusOptions& options) {
            options.curve = gateway::LoadCurve(folder_ / "gateway.key_secret", folder_ / "workers");
        };
    }
    FakeWorker::Options With(const curve::Certificate& own,
                             const curve::Certificate& server) const {
        FakeWorker::Options options;
        options.curve = {server.public_key, own.public_key, own.secret_key};
        return options;
    }

    fs::path folder_;
    const curve::Certificate gateway_ = MakeCertificate("gateway");
    const curve::Certificate known_ = MakeCertificate("known");
    const curve::Certificate stranger_ = MakeCertificate("stranger");
    zmq::context_t context_;
};

TEST_F(CurveLeg, AWorkerWithAKnownKeyServes) {
    LegUnderTest leg(Encrypted());
    FakeWorker worker(context_, leg.port(), With(known_, gateway_));
    ASSERT_TRUE(worker.Join());
    leg.Submit("hello");
    const auto request = worker.NextRequest();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->body(), "hello");
    worker.Answer(*request, 200, "world");
    const auto completion = leg.loop.Next();
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->outcome, gateway::Outcome::kReplied);
    EXPECT_EQ(leg.Count(Counter::kHandshakesFailed), 0U);
}

TEST_F(CurveLeg, AKeyThatIsNotKnownIsTurnedAwayAndCounted) {
    LegUnderTest leg(Encrypted());
    FakeWorker worker(context_, leg.port(), With(known_, gateway_));
    ASSERT_TRUE(worker.Join());
    FakeWorker stranger(context_, leg.port(), With(stranger_, gateway_));
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kHandshakesRefused) > 0; }));
    EXPECT_TRUE(LegUnderTest::Eventually(
        [&] { return leg.Logged("their key is not among the workers'"); }));
    EXPECT_FALSE(stranger.Receive(milliseconds(200))) << "not even WhoAreYou";
    leg.Submit("still served");
    EXPECT_TRUE(worker.NextRequest());
}

TEST_F(CurveLeg, APlainWorkerAndOneWithAnotherGatewaysKeyNeverGetAWord) {
    LegUnderTest leg(Encrypted());
    FakeWorker plain(context_, leg.port());
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kHandshakesFailed) > 0; }));
    const auto before = leg.Count(Counter::kHandshakesFailed);
    FakeWorker misled(context_, leg.port(), With(known_, stranger_));
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kHandshakesFailed) > before; }));
    EXPECT_FALSE(plain.Receive(milliseconds(100)));
    EXPECT_FALSE(misled.Receive(milliseconds(100)));
    EXPECT_EQ(leg.Count(Counter::kHandshakesRefused), 0U) << "neither came as far as its key";
    EXPECT_FALSE(leg.bus->HasWorkerFor(0));
}

TEST_F(CurveLeg, MoreThanOneFrameOfAKnownWorkerIsCountedAndEndsTheSession) {
    LegUnderTest leg(Encrypted());
    FakeWorker worker(context_, leg.port(), With(known_, gateway_));
    ASSERT_TRUE(worker.Join());
    worker.SendFrames({"one", "two"});
    worker.SendFrames({"one", "", "three", ""});
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kMalformedFrames) == 2; }));
    EXPECT_EQ(leg.Count(Counter::kWorkersLost), 1U);
}

TEST_F(CurveLeg, NewKeysCountForWhoComesNextAndWhoIsConnectedStays) {
    LegUnderTest leg(Encrypted());
    FakeWorker worker(context_, leg.port(), With(known_, gateway_));
    ASSERT_TRUE(worker.Join());
    fs::remove(folder_ / "workers" / "known.key");
    Allow(stranger_);
    leg.bus->SetWorkerKeys(
        std::make_shared<const gateway::WorkerKeys>((folder_ / "workers").string()));
    FakeWorker second(context_, leg.port(), With(stranger_, gateway_));
    second.instance = "fake-2";
    EXPECT_TRUE(second.Join());
    FakeWorker again(context_, leg.port(), With(known_, gateway_));
    EXPECT_TRUE(
        LegUnderTest::Eventually([&] { return leg.Count(Counter::kHandshakesRefused) > 0; }));
    leg.Submit("one");
    leg.Submit("two");
    EXPECT_TRUE(worker.NextRequest()) << "the least busy one gets the next: one each";
    EXPECT_TRUE(second.NextRequest());
}

TEST_F(CurveLeg, KeysThatCannotBeUsedAreSaidWithTheirFile) {
    const auto error_of = [](const std::string& secret, const std::string& workers) {
        try {
            gateway::LoadCurve(secret, workers);
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("loaded");
    };
    const std::string workers = folder_ / "workers";
    EXPECT_NE(error_of(folder_ / "workers" / "known.key", workers).find("has no secret-key"),
              std::string::npos);
    fs::create_directories(folder_ / "empty");
    EXPECT_NE(
        error_of(folder_ / "gateway.key_secret", folder_ / "empty").find("no worker could connect"),
        std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
