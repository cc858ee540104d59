// Whatever a server does wrong, the tester reports exactly that, and so many times.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "load/truth/ledger_reader.h"
#include "tests/component/load_program/load_program.h"
#include "tests/component/load_program/order_server.h"

namespace holdfast::load {
namespace {

using ::testing::HasSubstr;

class Faults : public LoadProgram {
  protected:
    /// 200 requests over 2 s, each with the fault that `decide` says.
    Figures Run(OrderServer& server, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"run",    File("flow.yaml", OrderFlow("100", "2s")),
                                              "--url",  server.Url(),
                                              "--json", Path("result.json"),
                                              "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        ended_ = Load(arguments);
        EXPECT_EQ(ended_.code, 0) << ended_.text;
        return Measure(Measured());
    }

    Ended ended_;
};

TEST_F(Faults, AreReportedExactlyAsTheServerMadeThem) {
    OrderServer server([](std::uint64_t number) { return static_cast<Fault>(number % kFaults); });
    const Figures figures = Run(server, {"--ledger", Path("ledger")});

    EXPECT_EQ(server.requests(), 200U) << ended_.text;
    EXPECT_EQ(figures.all.sent, 200U);
    EXPECT_EQ(figures.all.Good(), server.Did(Fault::kNone) + server.Did(Fault::kLate));
    EXPECT_EQ(Of(figures, ErrorKind::kTimeout), server.Did(Fault::kSilent));
    EXPECT_EQ(Of(figures, ErrorKind::kDisconnected),
              server.Did(Fault::kDropped) + server.Did(Fault::kHalf));
    EXPECT_EQ(Of(figures, ErrorKind::kMalformed),
              server.Did(Fault::kTwice) + server.Did(Fault::kNotHttp));
    EXPECT_EQ(Of(figures, ErrorKind::kCrossed), server.Did(Fault::kCrossed));
    EXPECT_EQ(Of(figures, ErrorKind::kDuplicate), server.Did(Fault::kRepeatedId));
    EXPECT_EQ(Of(figures, ErrorKind::kTotals), server.Did(Fault::kWrongTotal));
    EXPECT_EQ(Of(figures, ErrorKind::kStatus), server.Did(Fault::kWrongStatus));
    EXPECT_EQ(Of(figures, ErrorKind::kCheck), server.Did(Fault::kWrongValue));
    EXPECT_EQ(Of(figures, ErrorKind::kConnect), 0U);
    EXPECT_EQ(Of(figures, ErrorKind::kUnsent), 0U);
    EXPECT_EQ(figures.all.Lost(),
              server.Did(Fault::kSilent) + server.Did(Fault::kDropped) + server.Did(Fault::kHalf));
    EXPECT_GE(server.Did(Fault::kRepeatedId), 1U);

    // And the ledger has each of them once, with the same verdict.
    std::map<Verdict, std::uint64_t> told;
    ReadLedger(Path("ledger"), [&](std::uint64_t number, const LedgerLine& line) {
        EXPECT_FALSE(std::holds_alternative<LedgerTorn>(line)) << number;
        if (const auto* request = std::get_if<LedgerRequest>(&line)) ++told[request->verdict];
    });
    EXPECT_EQ(told[Verdict::kUnknown],
              server.Did(Fault::kSilent) + server.Did(Fault::kDropped) + server.Did(Fault::kHalf) +
                  server.Did(Fault::kTwice) + server.Did(Fault::kNotHttp) +
                  server.Did(Fault::kCrossed) + server.Did(Fault::kWrongStatus));
    EXPECT_EQ(told[Verdict::kCreated] + told[Verdict::kUnknown], 200U);
}

TEST_F(Faults, OfAServerThatIsRightAreNone) {
    OrderServer server([](std::uint64_t) { return Fault::kNone; });
    const Figures figures = Run(server, {"--processes", "2"});
    EXPECT_EQ(figures.all.Good(), 200U) << ended_.text;
    EXPECT_EQ(figures.all.Errors(), 0U);
    EXPECT_EQ(server.requests(), 200U);
}

TEST_F(Faults, AreOfNoConcernWithoutChecks) {
    OrderServer server([](std::uint64_t number) {
        return number % 2 == 0 ? Fault::kWrongTotal : Fault::kCrossed;
    });
    EXPECT_EQ(Run(server, {"--no-checks"}).all.Good(), 200U) << ended_.text;
}

TEST_F(Faults, OfALateServerShowInTheLatencyFromThePlannedTime) {
    // One connection, and every answer takes 100 ms: at 100/s, most of the time is waiting for it.
    OrderServer server([](std::uint64_t) { return Fault::kLate; });
    const Figures figures = Run(server, {"--connections", "1", "--duration", "200ms"});
    EXPECT_EQ(figures.all.sent, 20U);
    EXPECT_GE(figures.all.service_time.At(0.5), std::chrono::milliseconds(99));
    EXPECT_GE(figures.all.latency.max(), std::chrono::milliseconds(1500));
    EXPECT_GE(figures.all.latency.max(), 5 * figures.all.service_time.At(0.5));
}

}  // namespace
}  // namespace holdfast::load
