#include <elf.h>
#include <gmock/gmock.h>

#include "tests/component/worker_host/worker_process.h"

namespace holdfast::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Plugins that cannot be used: the worker says why and ends with 1.
class BadPlugin : public WorkerProcess {
  protected:
    std::string Complaint(const std::string& plugin, const std::string& config = {}) {
        Run({"--plugin", plugin, "--gateway", "tcp://127.0.0.1:9", "--plugin-config", config});
        EXPECT_EQ(worker->Wait(ms(10'000)), 1);
        return worker->Output();
    }
};

TEST_F(BadPlugin, AMissingFileIsNamed) {
    EXPECT_THAT(Complaint(File("none.so")), HasSubstr("none.so: no such file"));
}

TEST_F(BadPlugin, AFolderIsNotOne) {
    EXPECT_THAT(Complaint(File("")), HasSubstr("not a file"));
}

TEST_F(BadPlugin, ATruncatedFileIsNotLoaded) {
    const std::uintmax_t whole = std::filesystem::file_size(Plugin("echo"));
    for (const std::uintmax_t left :
         {std::uintmax_t{0}, std::uintmax_t{40}, std::uintmax_t{2000}, whole / 2, whole - 5000}) {
        std::filesystem::copy_file(Plugin("echo"), File("cut.so"),
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(File("cut.so"), left);
        EXPECT_THAT(Complaint(File("cut.so")), HasSubstr("cut.so: cannot load: ")) << left;
    }
}

TEST_F(BadPlugin, AFileThatIsNoSharedObjectIsNotLoaded) {
    std::ofstream(File("text.so")) << std::string(4096, 'x');
    EXPECT_THAT(Complaint(File("text.so")), HasSubstr("text.so: cannot load: "));
}

TEST_F(BadPlugin, OneForAnotherMachineIsRefusedNamingBoth) {
    std::filesystem::copy_file(Plugin("echo"), File("other.so"));
    std::fstream file(File("other.so"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offsetof(Elf64_Ehdr, e_machine));
    file.put(static_cast<char>(EM_S390));
    file.put(0);
    file.close();
    EXPECT_THAT(Complaint(File("other.so")),
                AllOf(HasSubstr("built for S/390"), HasSubstr("this worker for ")));
}

TEST_F(BadPlugin, AnotherSharedObjectIsNotAPlugin) {
    EXPECT_THAT(Complaint(HOLDFAST_ANY_LIBRARY),
                HasSubstr("not a Holdfast plugin: it exports no holdfast_plugin()"));
}

TEST_F(BadPlugin, OneOfAnotherMajorVersionIsRefusedNamingBoth) {
    EXPECT_THAT(Complaint(Plugin("strange_major")),
                AllOf(HasSubstr("it speaks plugin interface 2."), HasSubstr("this worker 1."),
                      HasSubstr("build it against this worker's SDK")));
}

TEST_F(BadPlugin, OneThatLacksASymbolIsRefusedNamingIt) {
    EXPECT_THAT(Complaint(Plugin("strange_missing")),
                AllOf(HasSubstr("strange_missing.so: cannot load: "),
                      HasSubstr("undefined symbol: holdfast_strange_function_that_is_nowhere")));
}

TEST_F(BadPlugin, AnExceptionOutOfCreateIsCaught) {
    EXPECT_THAT(Complaint(Plugin("strange_escape")),
                HasSubstr("plugin strange: create() let an exception escape"));
}

TEST_F(BadPlugin, ARefusalWithoutAReasonIsSaidToBeOne) {
    EXPECT_THAT(Complaint(Plugin("strange_refuse")), HasSubstr("create() failed and gave no"));
}

TEST_F(BadPlugin, AReasonForNotStartingIsPassedOn) {
    EXPECT_THAT(Complaint(Plugin("trouble"), File("no-such-folder/journal")),
                HasSubstr("plugin trouble: "));
}

TEST_F(BadPlugin, ASecondOneInTheSameWorkerIsRefusedNamingBoth) {
    Run({"--plugin", Plugin("echo"), "--plugin", Plugin("trouble"), "--gateway",
         "tcp://127.0.0.1:9"});
    EXPECT_EQ(worker->Wait(ms(10'000)), 2);
    EXPECT_THAT(worker->Output(),
                AllOf(HasSubstr("one worker runs one plugin"), HasSubstr("libholdfast_echo.so"),
                      HasSubstr("libholdfast_trouble.so")));
}

TEST_F(BadPlugin, EachProblemOfItsConfigIsALineWithItsPlace) {
    std::ofstream(File("orders.json")) << "{\n  \"databse\": \"x\",\n  \"readers\": 0\n}\n";
    const std::string said = Complaint(Plugin("orders"), "@" + File("orders.json"));
    EXPECT_THAT(said, HasSubstr("cannot start: " + File("orders.json") +
                                ":2:3: there is no option \"databse\"; did you mean \"database\""));
    EXPECT_THAT(said, HasSubstr("orders.json:3:14: readers must be an integer from 1 to 256"));
    EXPECT_THAT(Complaint(Plugin("orders"), R"({"database":":memory:"})"),
                HasSubstr("plugin orders: config:1:13: database must be the path of a file"));
}

TEST_F(BadPlugin, AnAnswerAfterDestroyIsRefusedAndTheWorkerEndsWell) {
    Start({}, "strange_late", "strange");
    ASSERT_TRUE(gateway.ReplyTo(gateway.Ask("x")));
    worker->Signal(SIGTERM);
    ASSERT_TRUE(gateway.WaitFor([&] { return !worker->Running(); }));
    EXPECT_EQ(worker->Wait(ms(0)), 0);
}

class Describe : public WorkerProcess {};

TEST_F(Describe, PrintsWhatAPluginIsAndItsOptions) {
    Run({"--describe", Plugin("orders")});
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    EXPECT_THAT(worker->Output(),
                AllOf(HasSubstr("services    orders"), HasSubstr("interface   1.1"),
                      HasSubstr("readers                4 "), HasSubstr("an integer from 1 to 256"),
                      HasSubstr("\"busy_timeout\": \"1s\"")));
}

TEST_F(Describe, PrintsJsonForMachines) {
    Run({"--describe", Plugin("orders"), "--json"});
    EXPECT_EQ(worker->Wait(ms(10'000)), 0);
    EXPECT_THAT(worker->Output(), AllOf(HasSubstr(R"("name": "orders")"),
                                        HasSubstr(R"("must_be": "an integer from 1 to 256")")));
}

TEST_F(Describe, SaysWhyAFileIsNoPlugin) {
    Run({"--describe", File("none.so")});
    EXPECT_EQ(worker->Wait(ms(10'000)), 1);
    EXPECT_THAT(worker->Output(), HasSubstr("none.so: no such file"));
}

}  // namespace
}  // namespace holdfast::test
