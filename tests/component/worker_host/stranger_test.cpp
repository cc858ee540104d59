#include <chrono>
#include <cstdlib>

#include "tests/component/worker_host/worker_process.h"

namespace holdfast::test {
namespace {

/// The worker that proto/README.md shows, as a reader would run it.
class Stranger : public WorkerProcess {
  protected:
    void SetUp() override {
        WorkerProcess::SetUp();
        const std::string probe = std::string(kPython) + " -c 'import zmq, google.protobuf'";
        if (std::system((probe + " 2>/dev/null").c_str()) != 0) {
            GTEST_SKIP() << "python3-zmq or python3-protobuf is not installed";
        }
        const std::string generate = std::string(HOLDFAST_PROTOC) + " -I " + HOLDFAST_SOURCE_DIR +
                                     " --python_out=" + File("") + " proto/envelope.proto";
        ASSERT_EQ(std::system(generate.c_str()), 0);
        std::ofstream(File("worker.py")) << ShownProgram();
        worker = std::make_unique<testing::Process>(
            std::vector<std::string>{kPython, File("worker.py"), gateway.endpoint()},
            File("output"));
        gateway.service = "echo";
    }

    static constexpr const char* kPython = "/usr/bin/python3";

    static std::string ShownProgram() {
        std::ifstream file(std::string(HOLDFAST_SOURCE_DIR) + "/proto/README.md");
        std::ostringstream text;
        text << file.rdbuf();
        const std::string page = text.str();
        const std::string fence = "```python\n";
        const std::size_t begin = page.find(fence) + fence.size();
        return page.substr(begin, page.find("```", begin) - begin);
    }
};

TEST_F(Stranger, TheWorkerInTheContractsPageServesAGateway) {
    ASSERT_TRUE(gateway.WaitWelcomed());
    for (int i = 0; i < 50; ++i) {
        const auto reply = gateway.ReplyTo(gateway.Ask(std::to_string(i)));
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->body(), "hello " + std::to_string(i));
    }
    gateway.Idle(ms(700));
    EXPECT_FALSE(gateway.pongs.empty());
    EXPECT_EQ(gateway.hellos.size(), 1U);

    worker->Signal(SIGSTOP);
    gateway.Idle(ms(800));
    const auto old = gateway.Ask("old");
    worker->Signal(SIGCONT);
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() == 2; }));
    ASSERT_TRUE(gateway.WaitWelcomed());
    EXPECT_TRUE(gateway.ReplyTo(gateway.Ask("new")));
    EXPECT_FALSE(gateway.ReplyTo(old, ms(0)));
}

TEST_F(Stranger, ItSaysHelloAtMostOnceASecondHoweverOftenItIsAsked) {
    gateway.welcome = false;
    ASSERT_TRUE(gateway.WaitFor([&] { return gateway.hellos.size() == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    wire::Envelope question;
    question.mutable_who_are_you()->set_protocol(1);
    for (int i = 0; i < 50; ++i) gateway.Send(question);
    gateway.Idle(ms(700));
    const auto seconds =
        std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_LE(gateway.hellos.size(), static_cast<std::size_t>(1 + seconds));
    // What had no answer is said again.
    gateway.welcome = true;
    EXPECT_TRUE(gateway.WaitWelcomed());
}

}  // namespace
}  // namespace holdfast::test
