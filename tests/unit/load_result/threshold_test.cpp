#include "load/result/threshold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace holdfast::load {
namespace {

using testing::HasSubstr;
using Compare = Threshold::Compare;

std::string Refusal(std::string_view text) {
    try {
        ParseThreshold(text);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

TEST(Threshold, ReadsDurationsAsSeconds) {
    const Threshold threshold = ParseThreshold(" p99.9 <= 250ms ");
    EXPECT_EQ(threshold.text, "p99.9 <= 250ms");
    EXPECT_EQ(threshold.step, "");
    EXPECT_EQ(threshold.figure, "p99.9");
    EXPECT_EQ(threshold.compare, Compare::kLessEqual);
    EXPECT_DOUBLE_EQ(threshold.bound, 0.25);
    EXPECT_DOUBLE_EQ(ParseThreshold("service.max<2s").bound, 2);
    EXPECT_DOUBLE_EQ(ParseThreshold("slip.p50<100us").bound, 0.0001);
}

TEST(Threshold, ReadsSharesAsFractionsAndTheRestAsNumbers) {
    EXPECT_DOUBLE_EQ(ParseThreshold("error_rate<0.1%").bound, 0.001);
    EXPECT_DOUBLE_EQ(ParseThreshold("error_rate<0.001").bound, 0.001);
    EXPECT_DOUBLE_EQ(ParseThreshold("rate>=900").bound, 900);
    const Threshold lost = ParseThreshold("lost==0");
    EXPECT_EQ(lost.compare, Compare::kEqual);
    EXPECT_EQ(lost.bound, 0);
    EXPECT_EQ(ParseThreshold("crossed==0").figure, "crossed");
    EXPECT_EQ(ParseThreshold("good_rate>100").compare, Compare::kGreater);
}

TEST(Threshold, NamesOfStepsMayHaveDotsAndSpaces) {
    const Threshold plain = ParseThreshold("step.create.p95<80ms");
    EXPECT_EQ(plain.step, "create");
    EXPECT_EQ(plain.figure, "p95");
    const Threshold dotted = ParseThreshold("step.POST /v1.0/orders.service.p99.9<80ms");
    EXPECT_EQ(dotted.step, "POST /v1.0/orders");
    EXPECT_EQ(dotted.figure, "service.p99.9");
    EXPECT_DOUBLE_EQ(dotted.bound, 0.08);
}

TEST(Threshold, SaysWhatWouldBeRight) {
    EXPECT_THAT(Refusal("p99"), HasSubstr("there is no comparison; write it like p99<250ms"));
    EXPECT_THAT(Refusal(""), HasSubstr("there is no comparison"));
    EXPECT_THAT(Refusal("p99=250ms"), HasSubstr("compare with <, <=, ==, >= or >"));
    EXPECT_THAT(Refusal("p99<250"), HasSubstr("p99 is compared with a duration such as 250ms"));
    EXPECT_THAT(Refusal("error_rate<2"), HasSubstr("is compared with a share such as 0.1%"));
    EXPECT_THAT(Refusal("rate>fast"), HasSubstr("rate is compared with a number such as 900"));
    EXPECT_THAT(Refusal("p100<1s"), HasSubstr("there is no figure 'p100'; there are "));
    EXPECT_THAT(Refusal("latency<1s"), HasSubstr("there is no figure 'latency'"));
    EXPECT_THAT(Refusal("step.create<1s"), HasSubstr("of one step it is written like step.NAME"));
    EXPECT_THAT(Refusal("step.create.speed<1s"), HasSubstr("there is no figure 'speed'"));
}

}  // namespace
}  // namespace holdfast::load
