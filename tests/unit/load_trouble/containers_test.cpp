#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>

#include "load/trouble/command.h"
#include "load/trouble/containers.h"
#include "load/trouble/trouble_maker.h"
#include "tests/unit/load_trouble/trouble_fixture.h"

namespace holdfast::load {
namespace {

using Action = TroubleEvent::Action;

/// A `docker` in PATH that writes down its words, and knows one label.
class Containers : public TroubleTest {
  protected:
    void SetUp() override {
        const std::string program = folder_ / "docker";
        std::ofstream(program) << R"(#!/bin/sh
echo "$@" >> "$(dirname "$0")/said"
case "$*" in
"ps -q --filter label=role=worker"*) echo 0123456789ab; echo ba9876543210;;
"ps -q --filter label=odd"*) echo '--rm';;
"ps -q --filter status=paused --filter id=0123456789ab") echo 0123456789ab;;
"ps "*) ;;
"kill ba9876543210") echo 'no such container' >&2; exit 1;;
esac
)";
        ASSERT_EQ(chmod(program.c_str(), 0755), 0);
        path_ = getenv("PATH");
        setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
    }
    void TearDown() override { setenv("PATH", path_.c_str(), 1); }

    std::string Said() const {
        std::ifstream file(folder_ / "said");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static TroubleEvent Event(Action action, std::string label = "role=worker") {
        return {
            .action = action, .kind = TroubleEvent::Kind::kContainer, .subject = std::move(label)};
    }

    std::string path_;
};

TEST_F(Containers, ExactlyThoseWithTheLabelAreTold) {
    TroubleMaker maker({Event(Action::kTerminate)}, {});
    maker.Make(Event(Action::kTerminate));
    EXPECT_EQ(Said(),
              "ps -q --filter label=role=worker\n"
              "kill --signal=TERM 0123456789ab\n"
              "kill --signal=TERM ba9876543210\n");
}

TEST_F(Containers, ARestartFindsThoseThatDoNotRunToo) {
    TroubleMaker maker({Event(Action::kRestart)}, {});
    maker.Make(Event(Action::kRestart));
    EXPECT_EQ(Said(),
              "ps -q --filter label=role=worker -a\n"
              "restart 0123456789ab\nrestart ba9876543210\n");
}

TEST_F(Containers, PausedOnesGoOnAtTheEnd) {
    {
        TroubleMaker maker({Event(Action::kStop)}, {});
        maker.Make(Event(Action::kStop));
    }  // by the guard, as when the program is killed
    EXPECT_EQ(Said(),
              "ps -q --filter label=role=worker\n"
              "pause 0123456789ab\npause ba9876543210\n"
              "unpause 0123456789ab\nunpause ba9876543210\n");
}

TEST_F(Containers, AtTheEndOnlyThoseGoOnThatAreStillPaused) {
    TroubleMaker maker({Event(Action::kStop)}, {});
    maker.Make(Event(Action::kStop));
    // As the other was killed meanwhile, which is no failure.
    EXPECT_EQ(maker.ContinueAll(),
              std::vector<std::string>{"continued container 0123456789ab, which was still paused"});
    EXPECT_THAT(Said(),
                ::testing::EndsWith("ps -q --filter status=paused --filter id=0123456789ab\n"
                                    "unpause 0123456789ab\n"
                                    "ps -q --filter status=paused --filter id=ba9876543210\n"));
    EXPECT_TRUE(maker.ContinueAll().empty());
}

TEST_F(Containers, NoneAndWhatIsNoIdAndARefusalAreErrors) {
    TroubleMaker maker({Event(Action::kKill)}, {});
    const auto said = [&](const std::string& label) -> std::string {
        try {
            maker.Make(Event(Action::kKill, label));
        } catch (const TroubleError& error) {
            return error.what();
        }
        return {};
    };
    EXPECT_EQ(said("role=other"), "no container has the label role=other");
    EXPECT_EQ(said("odd"), "docker ps said what is no id: --rm");
    EXPECT_EQ(said("role=worker"), "docker kill ended with status 1: no such container");
}

TEST_F(Containers, AMissingDockerIsSaid) {
    setenv("PATH", "/nonexistent", 1);
    EXPECT_THROW(FindContainers("x", false), TroubleError);
}

TEST(RunCommand, ACommandThatDoesNotEndIsKilledInTime) {
    const CommandResult result =
        RunCommand({"/bin/sh", "-c", "echo begun; exec sleep 600"}, std::chrono::milliseconds(300));
    EXPECT_EQ(result.status, 128 + SIGKILL);
    EXPECT_EQ(
        RunCommand({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}, std::chrono::seconds(20))
            .status,
        7);
}

}  // namespace
}  // namespace holdfast::load
