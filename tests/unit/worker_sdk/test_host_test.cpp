#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <holdfast/worker/gtest.hpp>

#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace holdfast::worker::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Does as the method says, to show what the fixture makes of it.
class Subject : public AsyncPlugin {
  public:
    explicit Subject(const Host& host) : host_(host) {}

    void HandleAsync(Request request, Responder responder) override {
        const std::string_view method = request.method();
        if (method == "KEEP") {
            kept_ = std::move(responder);
        } else if (method == "POLL") {
            while (!request.Cancelled() && !request.Expired()) std::this_thread::yield();
            responder.Answer({.body = request.Expired() ? "expired" : "cancelled"});
        } else if (method == "AFAR") {
            thread_ = std::jthread(
                [held = std::move(responder)]() mutable { held.Answer({.body = "from afar"}); });
        } else if (method == "BAD") {
            EXPECT_EQ(responder.Answer({.headers = {{"Upgrade", "x"}}}), HOLDFAST_INVALID);
        } else if (method == "TWICE") {
            EXPECT_EQ(responder.Answer({.status = 202}), HOLDFAST_OK);
            EXPECT_EQ(host_.get()->fail(host_.get(), request.token(), {}),
                      HOLDFAST_ALREADY_ANSWERED);
        } else if (method == "MORE") {
            holdfast_reply_v1 part{};
            part.size = sizeof part;
            part.status = 200;
            part.flags = HOLDFAST_REPLY_MORE;
            EXPECT_EQ(host_.get()->reply(host_.get(), request.token(), &part),
                      HOLDFAST_UNSUPPORTED);
            responder.Answer({.body = "whole"});
        } else if (method == "LATE") {
            const std::string_view body = request.body();
            responder.Answer({});
            host_.Log(LogLevel::kInfo, body);
        } else if (method == "UNSET") {
            EXPECT_EQ(host_.get()->fail(host_.get(), {0}, {}), HOLDFAST_ALREADY_ANSWERED);
            responder.Answer({});
        } else {
            host_.Log(LogLevel::kInfo, "asked");
            responder.Answer({.body = std::string(request.service())});
        }
    }

  private:
    Host host_;
    std::optional<Responder> kept_;
    std::jthread thread_;
};

class TheTestHost : public PluginTest<Subject> {};

TEST_F(TheTestHost, AsksTheFirstServiceUnlessItIsToldAnother) {
    EXPECT_EQ(host.Ask(Get("/")).body, "test");
    EXPECT_EQ(host.Ask(Get("/").WithService("other")).body, "other");
    ASSERT_THAT(host.logs(), SizeIs(2));
    EXPECT_EQ(host.logs()[0].level, LogLevel::kInfo);
    EXPECT_EQ(host.logs()[0].text, "asked");
}

TEST_F(TheTestHost, ExpiresARequestWhenItsClockIsAdvanced) {
    const Sent sent = host.Start({.method = "POLL", .timeout = std::chrono::hours(1)});
    host.Advance(std::chrono::minutes(59));
    EXPECT_FALSE(sent.Answered());
    host.Advance(std::chrono::minutes(1));
    EXPECT_EQ(sent.Wait().body, "expired");
}

TEST_F(TheTestHost, CancelsWhatAThreadIsHandling) {
    const Sent sent = host.Start({.method = "POLL"});
    sent.Cancel();
    EXPECT_EQ(sent.Wait().body, "cancelled");
}

TEST_F(TheTestHost, WaitsForAnAnswerFromAnotherThread) {
    EXPECT_EQ(host.Ask({.method = "AFAR"}).body, "from afar");
}

TEST_F(TheTestHost, FailsABadReplyAsTheWorkerDoes) {
    const Answer answer = host.Ask({.method = "BAD"});
    EXPECT_TRUE(answer.failed);
    EXPECT_THAT(answer.detail, HasSubstr("upgrade is not the plugin's to set"));
    EXPECT_THAT(host.Violations(), ElementsAre(HasSubstr("bad reply: the header upgrade")));
    ExpectViolations();
}

TEST_F(TheTestHost, TakesAsLargeAReplyAsTheGatewayDoesByDefault) {
    EXPECT_EQ(host.Ask(Get("/").WithService(std::string(512 << 10, 's'))).body.size(), 524288U);
    EXPECT_THAT(host.Ask(Get("/").WithService(std::string((512 << 10) + 1, 's'))).detail,
                HasSubstr("has 524289 bytes, the gateway takes 524288"));
    ExpectViolations();
}

TEST_F(TheTestHost, FailsAReplyThatIsTooLarge) {
    host.LimitReplies(3);
    EXPECT_THAT(host.Ask(Get("/")).detail, HasSubstr("has 4 bytes, the gateway takes 3"));
    ExpectViolations();
}

TEST_F(TheTestHost, NotesASecondAnswer) {
    EXPECT_EQ(host.Ask({.method = "TWICE", .target = "/x"}).status, 202U);
    EXPECT_THAT(host.Violations(), ElementsAre("TWICE /x: failed again"));
    ExpectViolations();
}

TEST_F(TheTestHost, RefusesAnAnswerInChunksWithoutEndingTheRequest) {
    EXPECT_EQ(host.Ask({.method = "MORE"}).body, "whole");
}

TEST_F(TheTestHost, NotesATokenThatWasNeverGiven) {
    host.Ask({.method = "UNSET"});
    EXPECT_THAT(host.Violations(), ElementsAre("failed a request that never was"));
    ExpectViolations();
}

TEST_F(TheTestHost, CancelsWhatIsLeftAtTheEnd) {
    const Sent running = host.Start({.method = "POLL"});
    const Sent kept = host.Send({.method = "KEEP"});
    EXPECT_FALSE(kept.Answered());
    host.End();
    EXPECT_EQ(running.Wait().body, "cancelled");
    EXPECT_THAT(kept.Wait().detail, HasSubstr("dropped the request unanswered"));
    EXPECT_THROW(host.Send({}), std::logic_error);
}

#ifdef __SANITIZE_ADDRESS__
TEST_F(TheTestHost, TakesBackARequestsMemoryOnceItIsAnswered) {
    EXPECT_DEATH(host.Ask({.method = "LATE", .body = "gone"}), "heap-use-after-free");
}
#endif

/// What a plugin in C can do that the C++ face prevents.
struct Wild {
    static inline const holdfast_host_v1* host = nullptr;
    static inline holdfast_responder token{};

    static void* Create(const holdfast_host_v1* given, holdfast_span config, char* error,
                        std::size_t) {
        host = given;
        if (View(config) == "silent") return nullptr;
        if (View(config) == "refuse") {
            *error = 'n';
            return nullptr;
        }
        return &token;
    }
    static void Handle(void*, const holdfast_request_v1* request, holdfast_responder responder) {
        token = responder;
        if (View(request->method) == "THROW") throw 7;
    }
    static void Destroy(void*) {}
    static constexpr const char* kServices[] = {"wild"};
};
constexpr holdfast_plugin_v1 kWild{.abi = HOLDFAST_ABI_INIT,
                                   .size = sizeof(holdfast_plugin_v1),
                                   .name = "wild",
                                   .version = "1",
                                   .services = Wild::kServices,
                                   .service_count = 1,
                                   .create = &Wild::Create,
                                   .handle = &Wild::Handle,
                                   .destroy = &Wild::Destroy,
                                   .options = nullptr,
                                   .option_count = 0};

TEST(TheTestHostOfAWildPlugin, NotesWhatIsUnansweredAtTheEndAndAnswersAfterIt) {
    TestHost host(kWild);
    const Sent sent = host.Send(Get("/a"));
    EXPECT_EQ(Wild::host->cancelled(Wild::host, Wild::token), 0);
    host.End();
    EXPECT_TRUE(sent.Wait().failed);
    EXPECT_EQ(Wild::host->cancelled(Wild::host, Wild::token), 1);
    EXPECT_EQ(Wild::host->remaining_ns(Wild::host, Wild::token), 0);
    EXPECT_EQ(Wild::host->fail(Wild::host, Wild::token, {}), HOLDFAST_ALREADY_ANSWERED);
    EXPECT_THAT(host.Violations(), ElementsAre("GET /a: not answered when the plugin was destroyed",
                                               "GET /a: failed again, after destroy()"));
}

TEST(TheTestHostOfAWildPlugin, NotesAnExceptionThatLeavesTheInterface) {
    TestHost host(kWild);
    EXPECT_TRUE(host.Ask({.method = "THROW"}).failed);
    EXPECT_THAT(host.Violations(), ElementsAre(HasSubstr("an exception left handle()")));
}

TEST(TheTestHostOfAWildPlugin, NotesAReplyThatIsNone) {
    TestHost host(kWild);
    const Sent sent = host.Send(Get("/"));
    EXPECT_EQ(Wild::host->reply(Wild::host, Wild::token, nullptr), HOLDFAST_INVALID);
    EXPECT_TRUE(sent.Wait().failed);
    EXPECT_THAT(host.Violations(), ElementsAre(HasSubstr("given no reply")));
}

std::string Refusal(const std::function<void()>& make) {
    try {
        make();
    } catch (const PluginError& error) {
        return error.what();
    }
    return "made";
}

TEST(TheTestHostOfAWildPlugin, ThrowsWhenItCannotBeMade) {
    EXPECT_EQ(Refusal([] { TestHost(kWild, "refuse"); }), "n");
    EXPECT_THAT(Refusal([] { TestHost(kWild, "silent"); }), HasSubstr("gave no reason"));
    EXPECT_THAT(Refusal([] { TestHost("/no/such/file.so"); }), HasSubstr("no such file"));
    EXPECT_THAT(Refusal([] { TestHost("/"); }), HasSubstr("not a file"));
    holdfast_plugin_v1 other = kWild;
    other.abi.major = 2;
    EXPECT_THAT(Refusal([&] { TestHost host(other); }), HasSubstr("speaks plugin interface 2."));
}

}  // namespace
}  // namespace holdfast::worker::testing
