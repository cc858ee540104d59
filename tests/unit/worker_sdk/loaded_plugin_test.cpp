#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/unit/worker_sdk/fake_host.h"

namespace holdfast::test {
namespace {

using testing::HasSubstr;

/// A plugin as the worker loads it: from its shared object.
class Loaded {
  public:
    explicit Loaded(const char* path) : path_(path), handle_(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) throw std::runtime_error(dlerror());
    }
    ~Loaded() { Close(); }
    const holdfast_plugin_v1* description() const {
        return reinterpret_cast<holdfast_plugin_function>(dlsym(handle_, HOLDFAST_PLUGIN_SYMBOL))();
    }
    void Close() {
        if (handle_ != nullptr) dlclose(handle_);
        handle_ = nullptr;
    }
    bool StillMapped() const {
        void* again = dlopen(path_, RTLD_NOW | RTLD_NOLOAD);
        if (again != nullptr) dlclose(again);
        return again != nullptr;
    }

  private:
    const char* path_;
    void* handle_;
};

class Trouble : public testing::Test {
  protected:
    Trouble() : journal_(testing::TempDir() + "trouble-" + std::to_string(::getpid())) {
        std::filesystem::remove(journal_);
        if (!host_.Create(journal_)) throw std::runtime_error(host_.error());
    }
    ~Trouble() override {
        host_.Destroy();
        std::filesystem::remove(journal_);
    }
    Answer Do(const std::string& command) { return host_.Ask({.headers = {{"trouble", command}}}); }
    std::string Journal() const {
        std::ostringstream text;
        text << std::ifstream(journal_).rdbuf();
        return text.str();
    }
    Loaded plugin_{HOLDFAST_TROUBLE_PLUGIN};
    std::string journal_;
    FakeHost host_{plugin_.description()};
};

TEST(LoadedPlugin, EchoAnswersTheBodyWithItsContentType) {
    Loaded echo(HOLDFAST_ECHO_PLUGIN);
    EXPECT_STREQ(echo.description()->name, "echo");
    FakeHost host(echo.description());
    ASSERT_TRUE(host.Create(""));
    const Answer answer =
        host.Ask({.body = "hello", .headers = {{"content-type", "text/plain; charset=utf-8"}}});
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.Header("content-type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(host.Ask({}).headers.empty());
}

TEST(LoadedPlugin, IsUnmappedWhenItIsClosed) {
    for (const char* path : {HOLDFAST_ECHO_PLUGIN, HOLDFAST_TROUBLE_PLUGIN}) {
        Loaded plugin(path);
        {
            FakeHost host(plugin.description());
            ASSERT_TRUE(host.Create(""));
            host.Ask({.headers = {{"trouble", "throw"}}});
        }
        plugin.Close();
        EXPECT_FALSE(plugin.StillMapped()) << path;
    }
}

TEST_F(Trouble, SleepIsEndedByACancelAndTheJournalSaysSo) {
    std::thread handler;
    handler = std::thread([this] { EXPECT_EQ(Do("sleep 25000").body, "cancelled"); });
    while (Journal().empty()) std::this_thread::yield();
    host_.Cancel(0);
    handler.join();
    EXPECT_EQ(Journal(), "started 0000000000001234 1\ncancelled 0000000000001234 1\n");
}

TEST_F(Trouble, SecondAnswerIsRefused) {
    EXPECT_EQ(Do("twice").body, "first");
    EXPECT_EQ(host_.refused_answers(), 1);
    EXPECT_THAT(host_.logs().at(0), HasSubstr("second answer was refused"));
}

TEST_F(Trouble, AnswersLaterFromItsOwnThread) {
    EXPECT_EQ(Do("later 1").body, "later");
}

TEST_F(Trouble, NeverAnswersBeforeTheEnd) {
    const auto number = host_.Send({.headers = {{"trouble", "never"}}});
    EXPECT_FALSE(host_.Poll(number).has_value());
    host_.Destroy();
    EXPECT_TRUE(host_.Wait(number).failed);
}

TEST_F(Trouble, WaitsForACancel) {
    const auto number = host_.Send({.parameters = {{"command", "until-cancelled"}}});
    EXPECT_FALSE(host_.Poll(number).has_value());
    host_.Cancel(number);
    EXPECT_EQ(host_.Wait(number).body, "cancelled");
}

TEST_F(Trouble, FailsAsItIsTold) {
    EXPECT_EQ(Do("throw").detail, "trouble: thrown on request");
    EXPECT_EQ(Do("fail").detail, "trouble: failed on request");
    EXPECT_TRUE(Do("not-processed").not_processed());
    EXPECT_THAT(Do("dance").detail, HasSubstr("unknown command 'dance'"));
    EXPECT_THAT(Do("sleep long").detail, HasSubstr("a number is wanted"));
}

TEST_F(Trouble, AnswersGarbageAsItIsTold) {
    EXPECT_THAT(Do("header-crlf").headers.at(0).second, HasSubstr("\r\n"));
    EXPECT_EQ(Do("bad-status").status, 99999U);
    EXPECT_EQ(Do("body-204").status, 204U);
    EXPECT_EQ(Do("body-204").body, "garbage");
    EXPECT_EQ(Do("content-length").Header("content-length"), "3");
    EXPECT_EQ(Do("bytes 5").body, "xxxxx");
    EXPECT_EQ(Do("status 418").status, 418U);
}

TEST_F(Trouble, TakesItsCommandFromTheBodyToo) {
    EXPECT_EQ(host_.Ask({.body = "status 299\nrest"}).status, 299U);
    EXPECT_EQ(host_.Ask({.body = ""}).status, 200U);
}

}  // namespace
}  // namespace holdfast::test
