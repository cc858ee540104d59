#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/plugin.hpp>
#include <holdfast/worker/testing.hpp>

#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/unit/worker_sdk/c_plugin.h"

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using worker::AsyncPlugin;
using worker::Host;
using worker::Plugin;
using worker::Reply;
using worker::Request;
using worker::Responder;
using worker::testing::Answer;
using worker::testing::LogLine;
using worker::testing::TestHost;

constexpr const char* kServices[] = {"test"};

/// What the plugin under test does; set by each test before it sends.
std::function<Reply(const Request&)> on_request;
std::function<void(Request, Responder)> on_async;

class Sync : public Plugin {
  public:
    explicit Sync(const Host& host) {
        if (host.config() == "refuse") throw std::runtime_error("refused by config");
    }
    Reply Handle(const Request& request) override { return on_request(request); }
};

class Async : public AsyncPlugin {
    void HandleAsync(Request request, Responder responder) override {
        on_async(request, std::move(responder));
    }
};

constexpr holdfast_plugin_v1 kSync = worker::Describe<Sync>("sync", "1", kServices, 1);
constexpr holdfast_plugin_v1 kAsync = worker::Describe<Async>("async", "1", kServices, 1);

class PluginFace : public testing::Test {
  protected:
    ~PluginFace() override {
        sync_.End();
        async_.End();
        EXPECT_THAT(sync_.Violations(), IsEmpty());
        EXPECT_THAT(async_.Violations(), IsEmpty());
        on_request = nullptr;
        on_async = nullptr;
    }
    TestHost sync_{kSync};
    TestHost async_{kAsync};
};

TEST_F(PluginFace, GivesTheWholeRequest) {
    on_request = [](const Request& request) {
        EXPECT_EQ(request.service(), "orders");
        EXPECT_EQ(request.route(), "/v1/orders/{id}");
        EXPECT_EQ(request.method(), "GET");
        EXPECT_EQ(request.target(), "/v1/orders/7?x=1");
        EXPECT_EQ(request.correlation_id(), 99U);
        EXPECT_EQ(request.attempt(), 2U);
        EXPECT_EQ(request.idempotency_key(), "key");
        EXPECT_EQ(request.Parameter("id"), "7");
        EXPECT_EQ(request.Header("accept"), "text/plain");
        EXPECT_EQ(request.Header("Accept"), std::nullopt);
        EXPECT_EQ(request.Attribute("orderId"), "o-1");
        EXPECT_EQ(request.headers().size(), 2U);
        EXPECT_EQ(request.headers()[1].value, "text/html");
        EXPECT_EQ(request.body(), "body");
        EXPECT_EQ(request.Remaining(), std::chrono::milliseconds(20));
        EXPECT_FALSE(request.Expired());
        EXPECT_FALSE(request.Cancelled());
        return Reply{.status = 201, .headers = {{"location", "/x"}}, .body = "done"};
    };
    const Answer answer = sync_.Ask({.service = "orders",
                                     .route = "/v1/orders/{id}",
                                     .method = "GET",
                                     .target = "/v1/orders/7?x=1",
                                     .idempotency_key = "key",
                                     .body = "body",
                                     .parameters = {{"id", "7"}},
                                     .headers = {{"accept", "text/plain"}, {"accept", "text/html"}},
                                     .attributes = {{"orderId", "o-1"}},
                                     .correlation_id = 99,
                                     .attempt = 2,
                                     .timeout = std::chrono::milliseconds(20)});
    EXPECT_FALSE(answer.failed);
    EXPECT_EQ(answer.status, 201U);
    EXPECT_EQ(answer.Header("location"), "/x");
    EXPECT_EQ(answer.body, "done");
}

TEST_F(PluginFace, TakesMoreHeadersThanFitOnTheStack) {
    on_request = [](const Request&) {
        Reply reply;
        for (int i = 0; i < 40; ++i) reply.headers.emplace_back(std::to_string(i) + "-h", "v");
        return reply;
    };
    const Answer answer = sync_.Ask({});
    ASSERT_EQ(answer.headers.size(), 40U);
    EXPECT_EQ(answer.headers[39].first, "39-h");
}

TEST_F(PluginFace, SaysNotProcessedByAFlag) {
    on_request = [](const Request&) { return Reply::NotProcessed("database is locked"); };
    const Answer answer = sync_.Ask({});
    EXPECT_FALSE(answer.failed);
    EXPECT_TRUE(answer.not_processed);
    EXPECT_EQ(answer.detail, "database is locked");
}

TEST_F(PluginFace, TurnsAnExceptionIntoAFailureWithItsText) {
    on_request = [](const Request&) -> Reply { throw std::runtime_error("no such table"); };
    const Answer answer = sync_.Ask({});
    EXPECT_TRUE(answer.failed);
    EXPECT_EQ(answer.detail, "no such table");
}

TEST_F(PluginFace, TurnsAThrownIntegerIntoAFailure) {
    on_request = [](const Request&) -> Reply { throw 7; };
    EXPECT_THAT(sync_.Ask({}).detail, HasSubstr("threw"));
}

TEST_F(PluginFace, FailsARequestWhoseResponderIsDropped) {
    on_async = [](Request, Responder responder) { Responder dropped = std::move(responder); };
    const Answer answer = async_.Ask({});
    EXPECT_TRUE(answer.failed);
    EXPECT_THAT(answer.detail, HasSubstr("unanswered"));
}

TEST_F(PluginFace, FailsARequestWhoseResponderDiedInAnExceptionThatWasSwallowed) {
    on_async = [](Request, Responder responder) {
        try {
            Responder inner = std::move(responder);
            throw std::runtime_error("swallowed");
        } catch (const std::runtime_error&) {
        }
    };
    EXPECT_THAT(async_.Ask({}).detail, HasSubstr("unanswered"));
}

TEST_F(PluginFace, LeavesAHandedOverRequestToItsNewOwnerWhenTheHandlerThrows) {
    std::optional<Responder> kept;
    on_async = [&](Request, Responder responder) {
        kept = std::move(responder);
        throw std::runtime_error("after the hand-over");
    };
    const auto sent = async_.Send({});
    EXPECT_FALSE(sent.Answered());
    EXPECT_THAT(async_.logs(), ElementsAre(Field(&LogLine::text, "after the hand-over")));
    kept->Answer({.body = "late"});
    EXPECT_EQ(sent.Wait().body, "late");
}

TEST_F(PluginFace, AnswersLaterFromAnotherThread) {
    std::thread thread;
    on_async = [&](Request request, Responder responder) {
        thread = std::thread([request, held = std::move(responder)]() mutable {
            held.Answer({.body = std::string(request.body())});
        });
    };
    EXPECT_EQ(async_.Ask({.body = "from afar"}).body, "from afar");
    thread.join();
}

TEST_F(PluginFace, AnswersOnlyOnce) {
    on_async = [](Request, Responder responder) {
        EXPECT_EQ(responder.Answer({.body = "one"}), HOLDFAST_OK);
        EXPECT_FALSE(responder);
        EXPECT_EQ(responder.Answer({.body = "two"}), HOLDFAST_ALREADY_ANSWERED);
        EXPECT_EQ(responder.Fail("three"), HOLDFAST_ALREADY_ANSWERED);
    };
    EXPECT_EQ(async_.Ask({}).body, "one");
}

TEST_F(PluginFace, RunsTheCancelCallbackOnceAndGivesItBack) {
    auto cancels = std::make_shared<int>(0);
    std::optional<Responder> kept;
    on_async = [&](Request request, Responder responder) {
        EXPECT_TRUE(request.OnCancel([cancels] { ++*cancels; }));
        EXPECT_FALSE(request.OnCancel([cancels] { *cancels += 100; }));
        EXPECT_EQ(cancels.use_count(), 2);
        kept = std::move(responder);
    };
    const auto sent = async_.Send({});
    sent.Cancel();
    sent.Cancel();
    EXPECT_EQ(*cancels, 1);
    EXPECT_EQ(cancels.use_count(), 1);
    kept->Answer({});
}

TEST_F(PluginFace, GivesTheCancelCallbackBackUnrunWhenTheRequestIsAnswered) {
    auto witness = std::make_shared<int>(0);
    on_async = [&](Request request, Responder responder) {
        EXPECT_TRUE(request.OnCancel([witness] { ++*witness; }));
        EXPECT_EQ(witness.use_count(), 2);
        responder.Answer({});
    };
    async_.Ask({});
    EXPECT_EQ(witness.use_count(), 1);
    EXPECT_EQ(*witness, 0);
}

TEST_F(PluginFace, RunsTheCancelCallbackAtOnceWhenAlreadyCancelled) {
    std::optional<Responder> kept;
    std::optional<Request> seen;
    on_async = [&](Request request, Responder responder) {
        seen = request;
        kept = std::move(responder);
    };
    const auto sent = async_.Send({});
    sent.Cancel();
    EXPECT_TRUE(seen->Cancelled());
    bool ran = false;
    EXPECT_TRUE(seen->OnCancel([&ran] { ran = true; }));
    EXPECT_TRUE(ran);
    kept->Answer({});
    EXPECT_FALSE(seen->OnCancel([] {}));
}

TEST_F(PluginFace, LogsWhatACancelCallbackThrows) {
    std::optional<Responder> kept;
    on_async = [&](Request request, Responder responder) {
        request.OnCancel([] { throw std::runtime_error("in the callback"); });
        kept = std::move(responder);
    };
    async_.Send({}).Cancel();
    EXPECT_THAT(async_.logs(), ElementsAre(Field(&LogLine::text, "in the callback")));
    kept->Answer({});
}

TEST_F(PluginFace, LogsWithTheCallersFileAndLine) {
    const holdfast_host_v1* host = nullptr;
    static const holdfast_host_v1* grabbed = nullptr;
    struct Grab : Plugin {
        explicit Grab(const Host& face) { grabbed = face.get(); }
        Reply Handle(const Request&) override { return {}; }
    };
    static constexpr holdfast_plugin_v1 kGrab = worker::Describe<Grab>("grab", "1", kServices, 1);
    TestHost fake(kGrab);
    host = grabbed;
    const int line = __LINE__ + 1;
    Host(host, {}).Log(worker::LogLevel::kInfo, "hello");
    ASSERT_EQ(fake.logs().size(), 1U);
    EXPECT_THAT(fake.logs()[0].file, HasSubstr("plugin_face_test.cpp"));
    EXPECT_EQ(fake.logs()[0].line, line);
    EXPECT_EQ(fake.logs()[0].text, "hello");
}

TEST(PluginCreation, GivesTheConstructorsReasonWhenItThrows) {
    try {
        TestHost host(kSync, "refuse");
        FAIL() << "it was created";
    } catch (const worker::PluginError& error) {
        EXPECT_STREQ(error.what(), "refused by config");
    }
}

TEST(PluginCreation, CutsTheReasonToTheHostsBuffer) {
    char error[8];
    std::memset(error, 'x', sizeof(error));
    EXPECT_EQ(kSync.create(nullptr, {"refuse", 6}, error, sizeof(error)), nullptr);
    EXPECT_STREQ(error, "refused");
}

TEST(PluginDescription, NamesItsVersionAndServices) {
    EXPECT_EQ(kSync.abi.magic, HOLDFAST_ABI_MAGIC);
    EXPECT_EQ(kSync.abi.major, HOLDFAST_ABI_MAJOR);
    EXPECT_THAT(kSync.abi.built_with, HasSubstr("holdfast abi 1.1"));
    EXPECT_EQ(kSync.size, sizeof(holdfast_plugin_v1));
    EXPECT_TRUE(HOLDFAST_HAS(&kSync, holdfast_plugin_v1, destroy));
    holdfast_plugin_v1 older = kSync;
    older.size = offsetof(holdfast_plugin_v1, destroy);
    EXPECT_FALSE(HOLDFAST_HAS(&older, holdfast_plugin_v1, destroy));
}

TEST(PluginInC, WorksThroughTheSameInterface) {
    TestHost host(*CPlugin(), "some config");
    const Answer answer = host.Ask({.service = "c"});
    EXPECT_EQ(answer.body, "c");
    EXPECT_EQ(answer.Header("x-config"), "some config");
}

}  // namespace
}  // namespace holdfast::test
