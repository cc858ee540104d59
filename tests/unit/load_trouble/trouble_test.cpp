#include <httplib.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "load/trouble/command.h"
#include "load/trouble/trouble_schedule.h"
#include "tests/unit/load_trouble/trouble_fixture.h"

namespace holdfast::load {
namespace {

using Action = TroubleEvent::Action;
using Kind = TroubleEvent::Kind;
using std::chrono::milliseconds;

class Trouble : public TroubleTest {
  protected:
    TroubleEvent Event(Action action, milliseconds at = {}) const {
        return {.at = at, .action = action, .subject = folder_ / "one.pid"};
    }
    void SetUp() override { PidFile(std::to_string(sleeper_.pid()) + "\n"); }

    /// All of the schedule's marks, once there are so many.
    static std::vector<Mark> Run(std::vector<TroubleEvent> events, std::size_t marks) {
        TroubleSchedule schedule(std::move(events), {});
        std::atomic<std::size_t> made = 0;
        schedule.Start(Clock::now(), [&](const Mark&) { ++made; });
        EXPECT_TRUE(testing::Eventually([&] { return made == marks; }));
        return schedule.Finish();
    }
};

TEST_F(Trouble, KillStopContinueAndTerminateReachTheProcess) {
    TroubleMaker maker({Event(Action::kStop)}, {});
    maker.Make(Event(Action::kStop));
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'T'));
    maker.Make(Event(Action::kContinue));
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'S'));
    maker.Make(Event(Action::kTerminate));
    EXPECT_EQ(sleeper_.Wait(std::chrono::seconds(10)), 128 + SIGTERM);
    EXPECT_THROW(maker.Make(Event(Action::kKill)), ProcessGone);
}

TEST_F(Trouble, WhatWasStoppedGoesOnAtTheEndAndIsNamed) {
    TroubleMaker maker({Event(Action::kStop)}, {});
    maker.Make(Event(Action::kStop));
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'T'));
    const auto said = maker.ContinueAll();
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0], "continued one.pid (process " + std::to_string(sleeper_.pid()) +
                           "), which was still stopped");
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'S'));
    EXPECT_TRUE(maker.ContinueAll().empty());
}

TEST_F(Trouble, WhatWasStoppedGoesOnEvenWhenTheProgramIsKilled) {
    const pid_t program = fork();
    if (program == 0) {
        TroubleMaker maker({Event(Action::kStop)}, {});
        maker.Make(Event(Action::kStop));
        for (;;) pause();
    }
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'T'));
    kill(program, SIGKILL);
    waitpid(program, nullptr, 0);
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'S'));
}

TEST_F(Trouble, ARestartEndsTheOldProcessEvenAStoppedOneAndStartsTheCommand) {
    TroubleEvent restart = Event(Action::kRestart);
    restart.command = "exec sleep 601";
    TroubleMaker maker({Event(Action::kStop), restart}, {});
    maker.Make(Event(Action::kStop));
    EXPECT_TRUE(Becomes(sleeper_.pid(), 'T'));
    maker.Make(restart);
    EXPECT_EQ(sleeper_.Wait(std::chrono::seconds(10)), 128 + SIGTERM);
    const ProcessRef started = ReadPidFile(restart.subject);
    EXPECT_NE(started.pid, sleeper_.pid());
    // The pid file now names the new one, so that later events reach it.
    maker.Make(Event(Action::kKill));
    EXPECT_TRUE(WaitForEnd(started, 10'000));
    maker.Make(restart);
    SignalProcess(ReadPidFile(restart.subject), SIGKILL);
}

TEST_F(Trouble, ACommandThatFailsAtOnceIsSaid) {
    try {
        // What a restart does last, with the patience that a loaded machine needs.
        StartDetached("exit 3", folder_ / "one.pid", std::chrono::seconds(20));
        FAIL();
    } catch (const TroubleError& error) {
        EXPECT_STREQ(error.what(), "\"exit 3\" ended at once with status 3");
    }
}

TEST_F(Trouble, ASubjectThatIsNotThereIsRefusedBeforeTheRunUnlessItIsToBeRestartedFirst) {
    const auto with = [this](Action first) {
        TroubleEvent event = Event(first);
        event.subject = folder_ / "none.pid";
        event.command = "true";
        TroubleMaker maker({event}, {});
    };
    EXPECT_THROW(with(Action::kKill), TroubleError);
    EXPECT_THROW(with(Action::kStop), TroubleError);
    EXPECT_NO_THROW(with(Action::kRestart));
}

TEST_F(Trouble, EventsHappenInTheOrderOfTheirTimesAndBecomeMarks) {
    TroubleEvent kill = Event(Action::kKill, milliseconds(20));
    kill.label = "worker A dies";
    const auto marks = Run(
        {Event(Action::kTerminate, milliseconds(40)), kill, Event(Action::kStop, milliseconds(0))},
        3);
    EXPECT_EQ(marks[0].label, "stop one.pid");
    EXPECT_FALSE(marks[0].failed);
    EXPECT_GE(marks[0].second, 0);
    EXPECT_EQ(marks[1].label, "worker A dies");
    EXPECT_FALSE(marks[1].failed);
    EXPECT_GE(marks[1].second, 0.02);
    EXPECT_TRUE(marks[2].failed);
    EXPECT_NE(marks[2].label.find("terminate one.pid: "), std::string::npos) << marks[2].label;
}

TEST_F(Trouble, NothingIsBegunAfterTheEndOfTheRun) {
    TroubleSchedule schedule({Event(Action::kKill, std::chrono::hours(1))}, {});
    schedule.Start(Clock::now(), {});
    EXPECT_TRUE(schedule.Finish().empty());
    EXPECT_TRUE(sleeper_.Running());
}

TEST_F(Trouble, ADrainIsAPostToTheOpsPort) {
    httplib::Server server;
    int drains = 0;
    server.Post("/v1/drain", [&](const httplib::Request&, httplib::Response& response) {
        response.status = ++drains == 1 ? 202 : 500;
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    const std::string url = "http://127.0.0.1:" + std::to_string(port);
    const TroubleEvent drain{.action = Action::kDrain, .kind = Kind::kOpsPort, .subject = {}};
    TroubleMaker maker({drain}, url);
    EXPECT_NO_THROW(maker.Make(drain));
    EXPECT_THROW(maker.Make(drain), TroubleError);
    server.stop();
    thread.join();
    EXPECT_EQ(drains, 2);
    EXPECT_THROW(maker.Make(drain), TroubleError) << "nobody listens any more";
    EXPECT_THROW(TroubleMaker({drain}, ""), TroubleError) << "no ops port is known";
}

}  // namespace
}  // namespace holdfast::load
