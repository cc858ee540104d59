#include "gateway/bus/folding_log.h"

#include <gtest/gtest.h>

namespace holdfast::gateway {
namespace {

class FoldingLogTest : public testing::Test {
  protected:
    void WriteMalformed(int times) {
        for (int i = 0; i < times; ++i) {
            log_.Write(FoldingLog::Topic::kMalformed, BusLogLevel::kWarn,
                       "line " + std::to_string(++written_), now_);
        }
    }

    TimePoint now_{std::chrono::hours(1)};
    int written_ = 0;
    std::vector<std::string> lines_;
    FoldingLog log_{[this](BusLogLevel, std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(FoldingLogTest, AFewAreWrittenTheRestIsToldInOneLine) {
    WriteMalformed(1000);
    EXPECT_EQ(lines_.size(), 4U);
    log_.Tick(now_);
    EXPECT_EQ(lines_.size(), 4U);
    now_ += FoldingLog::kWindow;
    log_.Tick(now_);
    ASSERT_EQ(lines_.size(), 5U);
    EXPECT_EQ(lines_.back(), "and 996 more alike, the last: line 1000");
    log_.Tick(now_ + FoldingLog::kWindow);
    EXPECT_EQ(lines_.size(), 5U);
}

TEST_F(FoldingLogTest, TheNextWindowBeginsWithWhatWasHeldBack) {
    WriteMalformed(5);
    now_ += FoldingLog::kWindow;
    WriteMalformed(1);
    ASSERT_EQ(lines_.size(), 6U);
    EXPECT_EQ(lines_[4], "and 1 more alike, the last: line 5");
    EXPECT_EQ(lines_[5], "line 6");
}

TEST_F(FoldingLogTest, TopicsDoNotTakeEachOthersLines) {
    WriteMalformed(100);
    log_.Write(FoldingLog::Topic::kSessions, BusLogLevel::kInfo, "welcomed", now_);
    EXPECT_EQ(lines_.back(), "welcomed");
}

}  // namespace
}  // namespace holdfast::gateway
