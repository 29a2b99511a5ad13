#include "orchestrator/ledger/segment_stretches.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "orchestrator/ledger/ledger_format.hpp"

namespace layersweep {
namespace {

const std::string first = ledger_line({{"event", "completed"}});
const std::string second = ledger_line({{"event", "weather"}, {"rain", true}});

/// "s10" for ten sound bytes, "d3" for three damaged ones.
std::string stretches(const std::string& text, std::uint64_t limit = 1 << 20) {
    std::istringstream file(text);
    std::string told;
    std::uint64_t place = 0;
    for_each_stretch(file, std::min<std::uint64_t>(limit, text.size()), [&](const SegmentStretch& stretch) {
        EXPECT_EQ(stretch.begin, place) << "every byte is told once";
        place = stretch.end;
        told += (stretch.json ? "s" : "d") + std::to_string(stretch.end - stretch.begin) + " ";
    });
    EXPECT_EQ(place, std::min<std::uint64_t>(limit, text.size()));
    return told;
}

std::string sound(const std::string& line) {
    return "s" + std::to_string(line.size()) + " ";
}

TEST(SegmentStretches, SoundLinesComeOneByOne) {
    EXPECT_EQ(stretches(first + second), sound(first) + sound(second));
    EXPECT_EQ(stretches(""), "");
}

TEST(SegmentStretches, ATornLineAndOneThatReachesBeyondTheLimitAreNone) {
    EXPECT_EQ(stretches(first + second.substr(0, 20)), sound(first) + "d20 ");
    EXPECT_EQ(stretches(first + second.substr(0, second.size() - 1)), sound(first) + "d" + std::to_string(second.size() - 1) + " ");
    EXPECT_EQ(stretches(first + second, first.size() + 7), sound(first) + "d7 ");
}

TEST(SegmentStretches, ADamagedLineBetweenSoundOnesIsPassed) {
    std::string damaged = second;
    damaged[20] ^= 1;
    EXPECT_EQ(stretches(first + damaged + first), sound(first) + "d" + std::to_string(second.size()) + " " + sound(first));
}

TEST(SegmentStretches, ADamagedLineEndCostsNoLine) {
    std::string glued = first + second;
    glued[first.size() - 1] = 'x';
    EXPECT_EQ(stretches(glued), sound(first) + sound(second));
    EXPECT_EQ(stretches("garbage" + second), "d7 " + sound(second));
    EXPECT_EQ(stretches(first.substr(0, 25) + second), "d25 " + sound(second));
}

TEST(SegmentStretches, ALineThatQuotesABeginningIsFoundBehindGarbage) {
    const std::string quoting = ledger_line({{"why", "it said 0123456789abcdef { and stopped"}});
    EXPECT_EQ(stretches("garbage" + quoting + first), "d7 " + sound(quoting) + sound(first));
}

}  // namespace
}  // namespace layersweep
