#include "worker/data/philox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Salmon et al. 2011, the published kat_vectors for philox4x32 with 10 rounds.
TEST(Philox, GivesThePublishedKnownAnswers) {
    constexpr std::uint32_t ones = 0xffffffff;
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, NextWalksThroughAt) {
    RandomStream stream(42, "training");
    for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(stream.next(), RandomStream(42, "training").at(i));
}

TEST(RandomStream, IsPinnedForEver) {
    EXPECT_EQ(RandomStream(0, "training").at(0), 0xf58090f68c75f3cc);
    EXPECT_EQ(RandomStream(1218, "test").at(67348), 0xf34ebfa878c9b0be);
    EXPECT_EQ(RandomStream(0x1234567890abcdef, "validation").at(std::uint64_t{1} << 40), 0x58a7249170f38277);
}

TEST(RandomStream, SeedsPurposesAndIndicesAllMatter) {
    std::set<std::uint64_t> values;
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
        for (const char* purpose : {"test", "training"}) {
            for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
                values.insert(RandomStream(seed, purpose).at(index));
            }
        }
    }
    EXPECT_EQ(values.size(), 18U);
}

TEST(RandomStream, BelowStaysBelowAndReachesAll) {
    RandomStream stream(7, "below");
    std::vector<int> seen(6, 0);
    for (int i = 0; i < 6000; ++i) ++seen.at(stream.below(6));
    for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
    EXPECT_EQ(stream.below(1), 0U);
    EXPECT_THROW(static_cast<void>(stream.below(0)), InvariantError);
}

TEST(RandomStream, BelowIsUnbiasedForHugeBounds) {
    // With a plain remainder of 64 bits, the lower half of this range would come up twice as often.
    const std::uint64_t bound = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
    RandomStream stream(7, "huge");
    int lower_third = 0;
    for (int i = 0; i < 9000; ++i) lower_third += stream.below(bound) < bound / 3 ? 1 : 0;
    EXPECT_NEAR(lower_third, 3000, 250);
}

TEST(RandomStream, NormalHasMeanZeroAndVarianceOne) {
    RandomStream stream(3, "normal");
    double sum = 0, squares = 0;
    constexpr int count = 20000;
    for (int i = 0; i < count; ++i) {
        const double value = stream.normal();
        ASSERT_TRUE(std::isfinite(value));
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / count, 0, 0.03);
    EXPECT_NEAR(squares / count, 1, 0.05);
}

TEST(RandomStream, ShuffleIsAPermutationThatReachesEveryOrder) {
    std::set<std::vector<std::uint32_t>> orders;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::vector<std::uint32_t> values{0, 1, 2};
        RandomStream(seed, "shuffle").shuffle(values);
        EXPECT_THAT(values, testing::UnorderedElementsAre(0U, 1U, 2U));
        orders.insert(values);
    }
    EXPECT_EQ(orders.size(), 6U);
}

}  // namespace
}  // namespace layersweep
