#include "gateway/core/inquiry_desk.h"

#include <gtest/gtest.h>

#include <thread>

namespace holdfast::gateway {
namespace {

using std::chrono::milliseconds;

TEST(InquiryDesk, WhoeverAsksGetsWhatTheBusThreadPuts) {
    InquiryDesk desk;
    EXPECT_FALSE(desk.wanted());
    std::optional<Inquiry> answer;
    std::jthread ops(
        [&] { answer = desk.Ask(Inquiry::Kind::kPing, "orders", milliseconds(20'000)); });
    while (!desk.wanted()) std::this_thread::yield();
    auto asked = desk.TakeAsked();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].service, "orders");
    EXPECT_TRUE(desk.TakeAsked().empty()) << "taken once";
    asked[0].known = true;
    desk.Put(std::move(asked[0]));
    ops.join();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->known);
}

TEST(InquiryDesk, ABusThreadThatHasStoppedHoldsNobodyAndTheLateAnswerIsDropped) {
    InquiryDesk desk;
    EXPECT_FALSE(desk.Ask(Inquiry::Kind::kPing, "orders", milliseconds(1)));
    EXPECT_TRUE(desk.TakeAsked().empty()) << "nobody waits for it any more";
    desk.Put({.id = 1, .service = "orders"});
}

TEST(InquiryDesk, TooManyAtOnceAreRefusedAtOnce) {
    InquiryDesk desk;
    std::vector<std::jthread> ops;
    for (std::size_t i = 0; i < InquiryTable::kOpen; ++i) {
        ops.emplace_back(
            [&] { EXPECT_TRUE(desk.Ask(Inquiry::Kind::kPing, "orders", milliseconds(20'000))); });
    }
    std::vector<Inquiry> asked;
    while (asked.size() < InquiryTable::kOpen) {
        for (Inquiry& inquiry : desk.TakeAsked()) asked.push_back(std::move(inquiry));
    }
    EXPECT_FALSE(desk.Ask(Inquiry::Kind::kPing, "orders", milliseconds(20'000)));
    for (Inquiry& inquiry : asked) desk.Put(std::move(inquiry));
}

}  // namespace
}  // namespace holdfast::gateway
