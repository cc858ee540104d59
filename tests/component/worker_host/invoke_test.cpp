#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/component/worker_host/worker_process.h"

namespace holdfast::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Invoke : public WorkerProcess {
  protected:
    /// Runs the plugin with the file r.json, whose body is `command`; returns the exit code.
    int Try(const std::string& command, std::vector<std::string> more = {},
            const std::string& plugin = "trouble") {
        std::ofstream(File("r.json")) << nlohmann::json{{"target", "/t"}, {"body", command}};
        std::vector<std::string> arguments = {"--plugin", Plugin(plugin), "--invoke",
                                              File("r.json")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        Run(arguments);
        return worker->Wait(ms(20'000)).value_or(-1);
    }
    std::string Said() const { return worker->Output(); }
};

TEST_F(Invoke, PrintsTheReplyWithItsTimeAndMemory) {
    EXPECT_EQ(Try("hello", {}, "echo"), 0);
    EXPECT_THAT(Said(), AllOf(HasSubstr("POST /t -> 200, 5 bytes in "), HasSubstr(" KiB, peak "),
                              HasSubstr("\n\nhello\n")));
    EXPECT_EQ(Try("status 503"), 0) << "an answer is an answer";
    EXPECT_EQ(Try("later 20"), 0);
    EXPECT_THAT(Said(), HasSubstr("later"));
}

TEST_F(Invoke, EndsWithFourWhenARequestIsNotAnswered) {
    EXPECT_EQ(Try("throw"), 4);
    EXPECT_THAT(Said(), HasSubstr("FAILED (502): trouble: thrown on request"));
    EXPECT_EQ(Try("not-processed"), 4);
    EXPECT_THAT(Said(), HasSubstr("NOT PROCESSED (503): trouble: refused on request"));
    EXPECT_EQ(Try("hop-by-hop"), 4);
    EXPECT_THAT(Said(), HasSubstr("the header connection is not the plugin's to set"));
    EXPECT_EQ(Try("never", {"--timeout", "50ms"}), 4);
    EXPECT_THAT(Said(), HasSubstr("TIMED OUT (504)"));
}

TEST_F(Invoke, TakesAsLargeAReplyAsTheGatewayDoesByDefault) {
    EXPECT_EQ(Try(std::string(512 << 10, 'x'), {}, "echo"), 0);
    EXPECT_EQ(Try(std::string((512 << 10) + 1, 'x'), {}, "echo"), 4);
    EXPECT_THAT(Said(), HasSubstr("524289 bytes, the gateway takes 524288"));
}

TEST_F(Invoke, CancelsWhenItIsToldToAndAtTheDeadline) {
    EXPECT_EQ(Try("until-cancelled", {"--cancel-after", "20ms"}), 0);
    EXPECT_THAT(Said(), HasSubstr("cancelled"));
    EXPECT_EQ(Try("sleep 20000", {"--timeout", "50ms", "--plugin-config", File("journal")}), 4);
    EXPECT_THAT(Journal(), HasSubstr("cancelled"));
}

TEST_F(Invoke, DoesNotWaitForAHandlerThatDoesNotReturn) {
    EXPECT_EQ(Try("block 60000", {"--timeout", "50ms"}), 4);
    EXPECT_THAT(Said(), HasSubstr("TIMED OUT (504): the handler does not return"));
}

TEST_F(Invoke, TakesAnAnswerThatComesAfterTheDeadlineForNone) {
    EXPECT_EQ(Try("block 200", {"--timeout", "50ms"}), 4);
    EXPECT_THAT(Said(), HasSubstr("TIMED OUT (504): the answer came after its deadline"));
}

TEST_F(Invoke, RepeatsAndGivesPercentiles) {
    EXPECT_EQ(Try("hello", {"--repeat", "200"}, "echo"), 0);
    EXPECT_THAT(Said(), HasSubstr("200 times, 0 not answered: least "));
    EXPECT_EQ(Try("hello", {"--repeat", "50", "--json"}, "echo"), 0);
    const auto line = nlohmann::json::parse(Said());
    EXPECT_EQ(line["outcome"], "answered");
    EXPECT_EQ(line["calls"], 50);
    EXPECT_EQ(line["body"], "hello");
    EXPECT_LE(line["time_us"]["p50"], line["time_us"]["p99"]);
}

TEST_F(Invoke, EndsWithTwoAndAPlaceWhenTheFileIsWrong) {
    std::ofstream(File("wrong.json")) << "{\"bdy\": 1}";
    Run({"--plugin", Plugin("echo"), "--invoke", File("wrong.json")});
    EXPECT_EQ(worker->Wait(ms(10'000)), 2);
    EXPECT_THAT(Said(), HasSubstr("wrong.json:1:2: a request has no \"bdy\"; did you mean"));
    for (const std::string& from : {File("none.json"), File("")}) {
        std::filesystem::remove(File("wrong.json"));
        Run({"--plugin", Plugin("echo"), "--invoke", from});
        EXPECT_EQ(worker->Wait(ms(10'000)), 2) << from;
    }
}

TEST_F(Invoke, EndsWithTwoWhenAFileCannotBeReadToItsEnd) {
    std::filesystem::create_directory(File("folder.json"));
    EXPECT_EQ(Try("x", {"--plugin-config", "@" + File("folder.json")}, "echo"), 2);
    EXPECT_THAT(Said(), HasSubstr("cannot read " + File("folder.json")));
    EXPECT_EQ(Try("x", {"--plugin-config", "@" + File("none")}, "echo"), 2);
    std::ofstream(File("empty")).close();
    EXPECT_EQ(Try("x", {"--plugin-config", "@" + File("empty")}, "echo"), 0);
    Run({"--plugin", Plugin("echo"), "--invoke", File("")});
    EXPECT_EQ(worker->Wait(ms(20'000)), 2);
    EXPECT_THAT(Said(), HasSubstr("folder.json: cannot be read"));
}

TEST_F(Invoke, EndsWithTwoWhenATimeIsLongerThanAYear) {
    for (const char* option : {"--timeout", "--drain-timeout", "--ready-timeout"}) {
        EXPECT_EQ(Try("x", {option, "153722867m"}, "echo"), 2) << option;
        EXPECT_THAT(Said(), HasSubstr("a year at most")) << option;
    }
}

TEST_F(Invoke, EndsWithOneWhenThePluginCannotStart) {
    EXPECT_EQ(Try("x", {}, "strange_escape"), 1);
    EXPECT_EQ(Try("x", {"--plugin-config", R"({"readers":0})"}, "orders"), 1);
    EXPECT_THAT(Said(), HasSubstr("--plugin-config:1:12: readers must be an integer"));
}

TEST_F(Invoke, SurvivesAnAnswerAfterDestroy) {
    EXPECT_EQ(Try("x", {}, "strange_late"), 0);
}

class Record : public WorkerProcess {};

TEST_F(Record, SavesWhatAWorkerWasAskedSoThatItCanBeInvoked) {
    Start({"--record", File("saved"), "--record-requests", "2"});
    wire::Envelope envelope;
    wire::Request& request = *envelope.add_requests();
    request = gateway.MakeRequest("echo");
    wire::Field& header = *request.add_headers();
    header.set_name("authorization");
    header.set_value("Bearer secret");
    gateway.Send(envelope);
    ASSERT_TRUE(gateway.ReplyTo(request.id()));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("bytes 7")));
    EXPECT_TRUE(WaitLogged("--record-requests is reached"));
    worker->Signal(SIGTERM);
    ASSERT_TRUE(gateway.WaitFor([&] { return !worker->Running(); }));
    EXPECT_THAT(worker->Output(), HasSubstr("recorded 2 requests"));

    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(File("saved"))) {
        all += (std::ostringstream() << std::ifstream(entry.path()).rdbuf()).str();
    }
    EXPECT_THAT(all, HasSubstr("\"authorization\": \"REDACTED\""));
    EXPECT_EQ(all.find("secret"), std::string::npos);

    Run({"--plugin", Plugin("trouble"), "--invoke", File("saved"), "--json"});
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    EXPECT_THAT(worker->Output(),
                AllOf(HasSubstr(R"("body":"echo")"), HasSubstr(R"("body":"xxxxxxx")")));
}

TEST_F(Record, ToAFolderThatIsNoneEndsTheWorkerAtOnce) {
    std::ofstream(File("file")) << "x";
    Run({"--plugin", Plugin("echo"), "--gateway", "tcp://127.0.0.1:9", "--record", File("file")});
    EXPECT_EQ(worker->Wait(ms(10'000)), 1);
    EXPECT_THAT(worker->Output(), HasSubstr("cannot record to "));
}

class AttachWait : public WorkerProcess {
  protected:
    void SetUp() override {
        WorkerProcess::SetUp();
        std::ofstream(File("r.json")) << "{}";
        Run({"--plugin", Plugin("echo"), "--invoke", File("r.json"), "--attach-wait"});
        ASSERT_TRUE(WaitLogged("waits for a debugger"));
    }
};

TEST_F(AttachWait, GoesOnAtSigcont) {
    EXPECT_EQ(worker->Output().find("->"), std::string::npos);
    worker->Signal(SIGCONT);
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    EXPECT_THAT(worker->Output(), HasSubstr("GET / -> 200"));
}

TEST_F(AttachWait, EndsAtATermSignal) {
    worker->Signal(SIGTERM);
    EXPECT_EQ(worker->Wait(ms(10'000)), 143);
}

}  // namespace
}  // namespace holdfast::test
