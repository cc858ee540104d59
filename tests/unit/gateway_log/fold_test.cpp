#include "gateway/log/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace std::chrono_literals;

class Folding : public ::testing::Test {
  protected:
    Fold::Report Told() {
        return [this](std::string_view key, std::uint64_t repeats) {
            told_.emplace_back(key, repeats);
        };
    }

    Fold fold_{10s, 3};
    TimePoint now_{1h};
    std::vector<std::pair<std::string, std::uint64_t>> told_;
};

TEST_F(Folding, TheFirstIsWrittenAndItsRepeatsAreCounted) {
    EXPECT_EQ(fold_.Admit("a", now_), 0);
    EXPECT_EQ(fold_.Admit("a", now_), std::nullopt);
    EXPECT_EQ(fold_.Admit("a", now_ + 9999ms), std::nullopt);
    EXPECT_EQ(fold_.Admit("a", now_ + 10s), 2);
    EXPECT_EQ(fold_.Admit("a", now_ + 11s), std::nullopt);
}

TEST_F(Folding, DifferentErrorsAreWrittenEach) {
    EXPECT_EQ(fold_.Admit("a", now_), 0);
    EXPECT_EQ(fold_.Admit("b", now_), 0);
}

TEST_F(Folding, BeyondItsKeysAllOthersAreOne) {
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(fold_.Admit(key, now_), 0);
    EXPECT_EQ(fold_.Admit("d", now_), 0);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(fold_.Admit("more " + std::to_string(i), now_), std::nullopt);
    }
    EXPECT_EQ(fold_.size(), 4U);
    EXPECT_EQ(fold_.Admit("e", now_ + 10s), 1000);
}

TEST_F(Folding, LongKeysAreCut) {
    const std::string same(Fold::kMaxKeyBytes, 'x');
    EXPECT_EQ(fold_.Admit(same + "1", now_), 0);
    EXPECT_EQ(fold_.Admit(same + "2", now_), std::nullopt);
}

TEST_F(Folding, QuietErrorsAreForgottenAndTheirRepeatsTold) {
    fold_.Admit("a", now_);
    fold_.Admit("b", now_);
    fold_.Admit("b", now_ + 1s);
    fold_.Admit("b", now_ + 2s);
    fold_.Sweep(now_ + 11s, Told());
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_EQ(fold_.size(), 1U);
    fold_.Sweep(now_ + 12s, Told());
    EXPECT_THAT(told_, ElementsAre(Pair("b", 2)));
    EXPECT_EQ(fold_.size(), 0U);
}

TEST_F(Folding, AtTheEndEveryRepeatIsTold) {
    fold_.Admit("a", now_);
    fold_.Admit("a", now_);
    fold_.SweepAll(Told());
    EXPECT_THAT(told_, ElementsAre(Pair("a", 1)));
    EXPECT_EQ(fold_.size(), 0U);
}

}  // namespace
}  // namespace holdfast::gateway::log
