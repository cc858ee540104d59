#include "load/report/live_view.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/report/format.h"
#include "tests/support/load/make_result.h"

namespace holdfast::load {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What a terminal of many lines shows after `bytes`: enough of one for what LiveView sends.
std::vector<std::string> Screen(const std::string& bytes) {
    std::vector<std::string> lines(1);
    std::size_t row = 0;
    std::size_t column = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const char byte = bytes[at];
        if (byte == '\x1b') {
            std::size_t end = at + 2;
            while (bytes[end] < '@') ++end;
            const std::string number = bytes.substr(at + 2, end - at - 2);
            if (bytes[end] == 'A') row -= std::stoul(number);
            if (bytes[end] == 'K') lines[row].resize(column);
            if (bytes[end] == 'J') {
                lines[row].resize(column);
                lines.resize(row + 1);
            }
            at = end;
        } else if (byte == '\n') {
            column = 0;
            if (++row == lines.size()) lines.emplace_back();
        } else if (byte == '\r') {
            column = 0;
        } else {
            if (lines[row].size() <= column) lines[row].resize(column + 1, ' ');
            lines[row][column++] = byte;
        }
    }
    return lines;
}

Interval Second(std::uint32_t second, std::uint64_t bad = 0) {
    Interval interval = MakeResult(1).intervals.front();
    interval.second = second;
    if (bad > 0) {
        AddBad(interval.steps[0], ErrorKind::kTimeout, bad, std::chrono::milliseconds(3));
    }
    return interval;
}

LiveOptions Terminal(std::size_t columns = 100) {
    LiveOptions options;
    options.terminal = true;
    options.columns = columns;
    return options;
}

TEST(LiveViewTest, OnATerminalThePictureIsDrawnOverTheOneBefore) {
    std::ostringstream out;
    const Result result = MakeResult();
    LiveView view(result.load, Terminal(), out);
    view.Show(Second(3));
    const auto once = Screen(out.str());
    view.Show(Second(4, 7));
    const auto twice = Screen(out.str());
    ASSERT_EQ(twice.size(), once.size());
    EXPECT_THAT(twice[0], HasSubstr("5.00 s of 10.0 s"));
    EXPECT_THAT(twice[1], HasSubstr("200 answers/s"));
    EXPECT_THAT(twice[2], HasSubstr("p50 "));
    EXPECT_THAT(once[3], HasSubstr("none"));
    EXPECT_THAT(twice[3], HasSubstr("timeout 7"));
    EXPECT_THAT(twice[4], HasSubstr("in flight"));
}

TEST(LiveViewTest, NothingIsClearedBeforeItIsWrittenAnew) {
    std::ostringstream out;
    LiveView view(MakeResult().load, Terminal(), out);
    view.Show(Second(1));
    EXPECT_THAT(out.str(), Not(HasSubstr("\x1b[2J")));
    EXPECT_THAT(out.str(), Not(HasSubstr("\x1b[2K")));
    const auto last_newline = out.str().rfind('\n');
    EXPECT_EQ(out.str().find("\x1b[J"), last_newline + 1);
}

TEST(LiveViewTest, ALineThatIsSaidStaysAboveThePicture) {
    std::ostringstream out;
    LiveView view(MakeResult().load, Terminal(), out);
    view.Show(Second(1));
    view.Say("kill worker-1 \x1b[2J");
    view.Show(Second(2));
    const auto screen = Screen(out.str());
    EXPECT_EQ(screen[0], "kill worker-1 ?[2J");
    EXPECT_THAT(screen[1], HasSubstr("3.00 s of"));
    EXPECT_EQ(screen.size(), 8U);
}

TEST(LiveViewTest, NoLineIsWiderThanTheTerminal) {
    for (const std::size_t columns : {10U, 24U, 40U, 79U}) {
        std::ostringstream out;
        LiveOptions options = Terminal(columns);
        options.colour = true;
        LiveView view(MakeResult().load, options, out);
        for (std::uint32_t second = 0; second < 50; ++second) view.Show(Second(second, 1));
        for (const std::string& line : Screen(out.str())) EXPECT_LE(Columns(line), columns);
    }
}

TEST(LiveViewTest, WithoutATerminalItIsALineEveryFewSeconds) {
    std::ostringstream out;
    LiveView view(MakeResult().load, LiveOptions(), out);
    for (std::uint32_t second = 0; second < 11; ++second) view.Show(Second(second));
    view.Say("kill worker-1");
    const std::string text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("6.00 s  200 answers/s  p50 "));
    EXPECT_THAT(text, HasSubstr("errors: none"));
}

TEST(LiveViewTest, ARunOfUnknownLengthHasNoBar) {
    std::ostringstream out;
    LoadProfile load;
    load.mode = LoadMode::kFindLimit;
    LiveView view(load, Terminal(), out);
    view.Show(Second(1));
    EXPECT_EQ(Screen(out.str())[0], "2.00 s");
}

TEST(LiveViewTest, AfterTheLastSendItSaysWhatItWaitsFor) {
    std::ostringstream out;
    LiveView view(MakeResult().load, Terminal(), out);
    view.Show(Second(11));
    EXPECT_THAT(Screen(out.str())[0], HasSubstr("waiting for the last answers"));
}

}  // namespace
}  // namespace holdfast::load
