#include <gtest/gtest.h>
#include <holdfast/worker/plugin_library.hpp>
#include <holdfast/worker/reply_rules.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "worker/runtime/address.h"
#include "worker/runtime/health_file.h"
#include "worker/runtime/units.h"

namespace holdfast::worker {
namespace {

TEST(Units, SizesAndDurationsNeedAKnownUnit) {
    EXPECT_EQ(ParseSize("64MiB"), 64U << 20U);
    EXPECT_EQ(ParseSize("100"), 100U);
    for (const char* bad : {"", "0", "64MB", "-1", "1.5MiB", "MiB", "99999999999GiB", "1 MiB"}) {
        EXPECT_FALSE(ParseSize(bad)) << bad;
    }
    EXPECT_EQ(ParseDuration("300ms"), std::chrono::milliseconds(300));
    EXPECT_EQ(ParseDuration("30s"), std::chrono::seconds(30));
    EXPECT_EQ(ParseDuration("2m"), std::chrono::minutes(2));
    EXPECT_EQ(ParseDuration("525600m"), std::chrono::hours(24 * 365));
    // Above a year: added to a clock's time, some of them would wrap around.
    for (const char* bad : {"", "30", "0s", "-1s", "s", "30 s", "99999999999999m", "153722867m",
                            "525601m", "31536001s", "31536000001ms"}) {
        EXPECT_FALSE(ParseDuration(bad)) << bad;
    }
}

TEST(Addresses, AreNamesOrNumbersWithAPort) {
    EXPECT_EQ(ParseAddress("tcp://127.0.0.1:5570").value().Endpoint(), "tcp://127.0.0.1:5570");
    EXPECT_TRUE(ParseAddress("tcp://127.0.0.1:5570").value().numeric);
    EXPECT_EQ(ParseAddress("tcp://[::1]:5570").value().Endpoint(), "tcp://[::1]:5570");
    EXPECT_FALSE(ParseAddress("tcp://gateway:5570").value().numeric);
    for (const char* bad : {"", "gateway:5570", "tcp://gateway", "tcp://:5570", "tcp://g:0",
                            "tcp://g:65536", "tcp://::1:5570", "tcp://g:55x", "tcp://*:5570",
                            "ipc:///tmp/x", "tcp://[gateway]:5570", "tcp://a/b:1"}) {
        EXPECT_FALSE(ParseAddress(bad)) << bad;
    }
}

TEST(Health, IsTheAgeOfTheFile) {
    const std::string path = ::testing::TempDir() + "holdfast-health-" + std::to_string(::getpid());
    EXPECT_FALSE(IsHealthy(path));
    HealthFile(path).Touch();
    EXPECT_TRUE(IsHealthy(path));
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(6));
    EXPECT_FALSE(IsHealthy(path));
    HealthFile(path).Touch();
    EXPECT_TRUE(IsHealthy(path));
    std::filesystem::remove(path);
}

class ReplyRules : public ::testing::Test {
  protected:
    std::string Check(std::string_view name, std::string_view value) {
        field = {{name.data(), name.size()}, {value.data(), value.size()}};
        reply.headers = {&field, 1};
        return CheckReply(reply, 100);
    }
    holdfast_field field{};
    holdfast_reply_v1 reply{.size = sizeof(holdfast_reply_v1),
                            .status = 200,
                            .flags = 0,
                            .headers = {},
                            .body = {},
                            .detail = {}};
};

TEST_F(ReplyRules, HeadersAreTokensWithoutControlCharacters) {
    EXPECT_EQ(Check("content-type", "text/plain"), "");
    EXPECT_EQ(Check("x", ""), "");
    for (const std::string_view name : {"", "a b", "a:", "a\r", "\xc3\xa4"}) {
        EXPECT_NE(Check(name, "v"), "") << name;
    }
    for (const std::string_view value :
         {std::string_view("a\r\nb"), std::string_view("\n"), std::string_view("a\0b", 3),
          std::string_view("\x01"), std::string_view("\x1b[2K"), std::string_view("\x7f")}) {
        EXPECT_NE(Check("x", value), "");
    }
    EXPECT_EQ(Check("x", "a\tb\x80\xff"), "");
    for (const char* name :
         {"Connection", "content-LENGTH", "Transfer-Encoding", "te", "Upgrade"}) {
        EXPECT_NE(Check(name, "v"), "") << name;
    }
}

TEST_F(ReplyRules, StatusBodyAndSizeHaveTheirLimits) {
    for (const std::uint32_t status : {0U, 100U, 199U, 600U, 99999U}) {
        reply.status = status;
        EXPECT_NE(CheckReply(reply, 100), "") << status;
    }
    for (const std::uint32_t status : {204U, 205U, 304U}) {
        reply.status = status;
        reply.body = {};
        EXPECT_EQ(CheckReply(reply, 100), "");
        reply.body = {"x", 1};
        EXPECT_NE(CheckReply(reply, 100), "") << status;
    }
    reply.status = 200;
    EXPECT_EQ(CheckReply(reply, 1), "");
    EXPECT_NE(CheckReply(reply, 0), "");
    reply.body = {nullptr, 1};
    EXPECT_NE(CheckReply(reply, 100), "");
    reply.body = {};
    reply.headers = {nullptr, 1};
    EXPECT_NE(CheckReply(reply, 100), "");
}

class Description : public ::testing::Test {
  protected:
    static void* Create(const holdfast_host_v1*, holdfast_span, char*, std::size_t) {
        return nullptr;
    }
    static void Handle(void*, const holdfast_request_v1*, holdfast_responder) {}
    static void Destroy(void*) {}

    const char* services[1] = {"orders"};
    holdfast_plugin_v1 plugin{.abi = HOLDFAST_ABI_INIT,
                              .size = sizeof(holdfast_plugin_v1),
                              .name = "p",
                              .version = "1",
                              .services = services,
                              .service_count = 1,
                              .create = &Create,
                              .handle = &Handle,
                              .destroy = &Destroy,
                              .options = nullptr,
                              .option_count = 0};
};

TEST_F(Description, AGoodOneIsTaken) {
    EXPECT_EQ(CheckPlugin(&plugin, "p.so"), "");
    plugin.abi.minor = 99;
    EXPECT_EQ(CheckPlugin(&plugin, "p.so"), "");
}

TEST_F(Description, AnotherMajorVersionIsRefusedNamingBothSides) {
    plugin.abi.major = 2;
    plugin.abi.built_with = "their compiler";
    const std::string problem = CheckPlugin(&plugin, "p.so");
    EXPECT_NE(problem.find("2.1"), std::string::npos);
    EXPECT_NE(problem.find("their compiler"), std::string::npos);
    EXPECT_NE(problem.find("1.1"), std::string::npos);
    EXPECT_NE(problem.find(HOLDFAST_BUILT_WITH), std::string::npos);
}

TEST_F(Description, OneThatWasBuiltBeforeThereWereOptionsIsTaken) {
    plugin.abi.minor = 0;
    plugin.size = offsetof(holdfast_plugin_v1, options);
    EXPECT_EQ(CheckPlugin(&plugin, "p.so"), "");
}

TEST_F(Description, AServiceThatIsNamedTwiceIsRefused) {
    const char* twice[] = {"orders", "quotes", "orders"};
    plugin.services = twice;
    plugin.service_count = 3;
    EXPECT_EQ(CheckPlugin(&plugin, "p.so"), "plugin p.so: it names the service orders twice");
}

TEST_F(Description, WhatIsMissingIsNamed) {
    EXPECT_NE(CheckPlugin(nullptr, "p.so"), "");
    auto bad = plugin;
    bad.abi.magic = 0;
    EXPECT_NE(CheckPlugin(&bad, "p.so"), "");
    bad = plugin;
    bad.size = 40;
    EXPECT_NE(CheckPlugin(&bad, "p.so"), "");
    bad = plugin;
    bad.handle = nullptr;
    EXPECT_NE(CheckPlugin(&bad, "p.so"), "");
    bad = plugin;
    bad.service_count = 0;
    EXPECT_NE(CheckPlugin(&bad, "p.so"), "");
    bad = plugin;
    bad.name = "";
    EXPECT_NE(CheckPlugin(&bad, "p.so"), "");
}

}  // namespace
}  // namespace holdfast::worker
