// The verbs beside run, and what is said of wrong input: one line, where, and what would be right.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "tests/component/load_program/load_program.h"
#include "tests/component/load_program/order_server.h"

namespace holdfast::load {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Verbs : public LoadProgram {
  protected:
    void OneLine(const std::vector<std::string>& arguments, int code, const std::string& part) {
        const Ended ended = Load(arguments);
        EXPECT_EQ(ended.code, code) << ended.text;
        EXPECT_EQ(std::count(ended.text.begin(), ended.text.end(), '\n'), 1) << ended.text;
        EXPECT_THAT(ended.text, AllOf(::testing::StartsWith("holdfast-load: "), HasSubstr(part)));
    }
};

TEST_F(Verbs, ReadyFlowsAreListedShownAndRight) {
    const Ended list = Load({"flows"});
    EXPECT_EQ(list.code, 0);
    std::istringstream lines(list.text);
    int flows = 0;
    std::string name;
    for (std::string line; std::getline(lines, line); ++flows) {
        name = line.substr(0, line.find(' '));
        EXPECT_EQ(Load({"check", name}).code, 0) << name;
        const Ended shown = Load({"flows", "show", name});
        EXPECT_EQ(shown.code, 0);
        // What is shown is a flow file that says the same.
        EXPECT_EQ(Load({"check", File("shown.yaml", shown.text)}).code, 0) << name;
    }
    EXPECT_GE(flows, 5);
    OneLine({"flows", "show", "nothing"}, 2, "order-create");
}

TEST_F(Verbs, WrongInputIsOneLineAndItsExitCode) {
    const std::string flow = File("good.yaml", OrderFlow("10", "1s"));
    const std::string url = "http://127.0.0.1:1";
    OneLine({}, 2, "subcommand");
    OneLine({"fly"}, 2, "--help");
    OneLine({"run", flow}, 2, "--url");
    OneLine({"run", flow, "--url", url, "--rate", "fast"}, 2, "a rate above 0");
    OneLine({"run", flow, "--url", url, "--duration", "5"}, 2, "a duration such as");
    OneLine({"run", flow, "--url", url, "--find-limit", "500"}, 2, "100..5000");
    OneLine({"run", flow, "--url", url, "--find-limit", "10..20"}, 2, "--threshold");
    OneLine({"run", flow, "--url", url, "--rate", "5", "--closed"}, 2, "--closed");
    OneLine({"run", flow, "--url", url, "--users", "5"}, 2, "--users needs --closed");
    OneLine({"run", flow, "--url", url, "--threshold", "p99"}, 2, "p99");
    OneLine({"run", flow, "--url", url, "--db", "sqlite:///x"}, 2, "--ledger");
    OneLine({"run", flow, "--url", url, "--connections", "1000000", "--processes", "1"}, 2,
            "--processes");
    OneLine({"run", flow, "--url", url, "--html", "/nonexistent/x.html"}, 2, "/nonexistent/x.html");
    OneLine({"run", flow, "--url", url, "--ledger", "/nonexistent/l"}, 2,
            "/nonexistent/l: No such");
    OneLine({"run", flow, "--url", url, "--ops", "8081"}, 2, "--ops 8081: http://HOST:PORT");
    OneLine({"run", flow, "--url", "localhost"}, 3, "localhost");
    OneLine({"run", Path("none.yaml"), "--url", url}, 2, "none.yaml");
    OneLine({"check", File("bad.yaml", "name: x\nsteps:\n  - reqest: GET /\n")}, 2, "bad.yaml:3");
    OneLine({"compare", flow, flow}, 2, "good.yaml");
    OneLine({"report", Path("none.json")}, 2, "none.json");
    OneLine({"reconcile", "--ledger", flow, "--db", "mysql://x"}, 3, "sqlite:///PATH");
    OneLine({"reconcile", "--ledger", flow, "--db", "sqlite:///nonexistent"}, 3, "unable to open");
}

TEST_F(Verbs, ATargetThatIsNotThereIsExitCode3) {
    const std::string flow = File("flow.yaml", OrderFlow("10", "1s"));
    OneLine({"run", flow, "--url", "http://127.0.0.1:1"}, 3, "127.0.0.1:1");
    OneLine({"run", flow, "--url", "http://no-such-host.invalid"}, 3, "no-such-host.invalid");
}

TEST_F(Verbs, ResultsAreComparedAndReported) {
    OrderServer server([](std::uint64_t) { return Fault::kNone; });
    for (const char* name : {"a.json", "b.json"}) {
        ASSERT_EQ(Load({"run", File("flow.yaml", OrderFlow("50", "2s")), "--url", server.Url(),
                        "--json", Path(name)})
                      .code,
                  0);
    }
    const Ended compared = Load({"compare", Path("a.json"), Path("b.json")});
    EXPECT_EQ(compared.code, 0);
    EXPECT_THAT(compared.text, AllOf(HasSubstr("p99"), HasSubstr(ReadResult(Path("a.json")).run)));
    const Ended reported =
        Load({"report", Path("a.json"), "--html", Path("a.html"), "--junit", Path("a.xml")});
    EXPECT_EQ(reported.code, 0) << reported.text;
    EXPECT_GT(std::filesystem::file_size(Path("a.html")), 1000U);
    EXPECT_GT(std::filesystem::file_size(Path("a.xml")), 50U);
    EXPECT_THAT(Load({"report", Path("a.json")}).text, HasSubstr("create"));
}

}  // namespace
}  // namespace holdfast::load
