#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <holdfast/worker/testing.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using worker::testing::Answer;
using worker::testing::RequestSpec;
using worker::testing::TestHost;

bool IsMapped(const char* path) {
    void* const handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
}

class Trouble : public testing::Test {
  protected:
    Trouble() : journal_(testing::TempDir() + "trouble-" + std::to_string(::getpid())) {
        std::filesystem::remove(journal_);
        host_.emplace(HOLDFAST_TROUBLE_PLUGIN, journal_);
    }
    ~Trouble() override {
        host_.reset();
        std::filesystem::remove(journal_);
    }
    RequestSpec Command(const std::string& command) const {
        return RequestSpec().WithHeader("trouble", command);
    }
    Answer Do(const std::string& command) { return host_->Ask(Command(command)); }
    std::string Journal() const {
        std::ostringstream text;
        text << std::ifstream(journal_).rdbuf();
        return text.str();
    }
    std::string journal_;
    std::optional<TestHost> host_;
};

TEST(LoadedPlugin, EchoAnswersTheBodyWithItsContentType) {
    TestHost host(HOLDFAST_ECHO_PLUGIN);
    const Answer answer =
        host.Ask({.body = "hello", .headers = {{"content-type", "text/plain; charset=utf-8"}}});
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.Header("content-type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(host.Ask({}).headers.empty());
}

TEST(LoadedPlugin, IsUnmappedWhenItIsClosed) {
    for (const char* path : {HOLDFAST_ECHO_PLUGIN, HOLDFAST_TROUBLE_PLUGIN}) {
        {
            TestHost host(path);
            host.Ask({.headers = {{"trouble", "throw"}}});
            EXPECT_TRUE(IsMapped(path));
        }
        EXPECT_FALSE(IsMapped(path)) << path;
    }
}

TEST_F(Trouble, SleepIsEndedByACancelAndTheJournalSaysSo) {
    const auto sent = host_->Start(Command("sleep 25000"));
    while (Journal().empty()) std::this_thread::yield();
    sent.Cancel();
    EXPECT_EQ(sent.Wait().body, "cancelled");
    EXPECT_EQ(Journal(), "started 0000000000001234 1\ncancelled 0000000000001234 1\n");
}

TEST_F(Trouble, SecondAnswerIsRefused) {
    EXPECT_EQ(Do("twice").body, "first");
    EXPECT_THAT(host_->Violations(), ElementsAre("POST /: answered again"));
    EXPECT_THAT(host_->logs().at(0).text, HasSubstr("second answer was refused"));
}

TEST_F(Trouble, AnswersLaterFromItsOwnThread) {
    EXPECT_EQ(Do("later 1").body, "later");
}

TEST_F(Trouble, NeverAnswersBeforeTheEnd) {
    const auto sent = host_->Send({.headers = {{"trouble", "never"}}});
    EXPECT_FALSE(sent.Answered());
    host_->End();
    EXPECT_TRUE(sent.Wait().failed);
}

TEST_F(Trouble, WaitsForACancel) {
    const auto sent = host_->Send({.parameters = {{"command", "until-cancelled"}}});
    EXPECT_FALSE(sent.Answered());
    sent.Cancel();
    EXPECT_EQ(sent.Wait().body, "cancelled");
}

TEST_F(Trouble, FailsAsItIsTold) {
    EXPECT_EQ(Do("throw").detail, "trouble: thrown on request");
    EXPECT_EQ(Do("fail").detail, "trouble: failed on request");
    EXPECT_TRUE(Do("not-processed").not_processed);
    EXPECT_THAT(Do("dance").detail, HasSubstr("unknown command 'dance'"));
    EXPECT_THAT(Do("sleep long").detail, HasSubstr("a number is wanted"));
}

TEST_F(Trouble, AnswersGarbageAsItIsTold) {
    EXPECT_THAT(Do("header-crlf").detail, HasSubstr("x-trouble has a control character"));
    EXPECT_THAT(Do("header-name").detail, HasSubstr("is not a token"));
    EXPECT_THAT(Do("bad-status").detail, HasSubstr("status 99999 is not from 200 to 599"));
    EXPECT_THAT(Do("body-204").detail, HasSubstr("status 204 has a body"));
    EXPECT_THAT(Do("content-length").detail, HasSubstr("content-length is not the plugin's"));
    EXPECT_THAT(Do("hop-by-hop").detail, HasSubstr("connection is not the plugin's"));
    EXPECT_EQ(host_->Violations().size(), 6U);
    EXPECT_EQ(Do("bytes 5").body, "xxxxx");
    EXPECT_EQ(Do("status 418").status, 418U);
}

TEST_F(Trouble, TakesItsCommandFromTheBodyToo) {
    EXPECT_EQ(host_->Ask({.body = "status 299\nrest"}).status, 299U);
    EXPECT_EQ(host_->Ask({.body = ""}).status, 200U);
}

}  // namespace
}  // namespace holdfast::test
