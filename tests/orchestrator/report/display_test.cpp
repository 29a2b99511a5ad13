#include "orchestrator/report/display.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <string>

#include "tests/support/scoped_variable.hpp"

namespace layersweep {
namespace {

TEST(Display, WidthCountsColumnsNotBytes) {
    EXPECT_EQ(display_width(""), 0u);
    EXPECT_EQ(display_width("81.20 ± 1.03 –"), 14u);
    EXPECT_EQ(display_width("模型🙂"), 6u);
}

TEST(Display, WidthOfMalformedTextCountsItsBytes) {
    EXPECT_EQ(display_width("a\xe6\xa8"), 3u);
    EXPECT_EQ(display_width("\xff\xc3("), 3u);
}

TEST(Display, FittedTextIsNeverWiderAndNeverHalfACharacter) {
    const std::string text = "a±模型🙂 tail";
    for (std::size_t columns = 0; columns <= display_width(text); ++columns) {
        const auto cut = fitted(text, columns);
        EXPECT_LE(display_width(cut), columns);
        EXPECT_TRUE(cut == text || columns == 0 || cut.ends_with("…"));
    }
    EXPECT_EQ(fitted(text, 4), "a±…");
    EXPECT_EQ(fitted(text, 5), "a±模…");
    EXPECT_EQ(fitted(text, display_width(text)), text);
}

TEST(Display, PrintableTextHasNoControlCharacters) {
    EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a [2Jb c ");
}

TEST(Display, ClockCountsHours) {
    EXPECT_EQ(clock_text(0), "0:00:00");
    EXPECT_EQ(clock_text(3723.4), "1:02:03");
    EXPECT_EQ(clock_text(360000), "100:00:00");
    EXPECT_EQ(clock_text(-1), "0:00:00");
}

TEST(Display, APipeIsNoTerminal) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EXPECT_FALSE(terminal_columns(ends[1]));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(Display, TimesAreLocal) {
    const test::ScopedVariable zone("TZ", "UTC-2");
    ::tzset();
    EXPECT_EQ(time_text(1700000000000), "2023-11-15 00:13:20");
    EXPECT_EQ(time_text(0), "unknown time");
}

}  // namespace
}  // namespace layersweep
