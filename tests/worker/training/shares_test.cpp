#include "worker/training/shares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace layersweep {
namespace {

using Shares = std::vector<std::vector<std::size_t>>;

std::vector<std::int64_t> loads_of(const Shares& shares, const std::vector<std::int64_t>& tokens) {
    std::vector<std::int64_t> loads;
    for (const auto& share : shares)
        loads.push_back(
            std::accumulate(share.begin(), share.end(), std::int64_t{0}, [&](auto sum, auto row) { return sum + tokens[row]; }));
    return loads;
}

TEST(BalancedShares, GoLongestFirstToTheLeastLoadedAndKeepTheBatchsOrder) {
    EXPECT_EQ(balanced_shares(std::vector<std::int64_t>{3, 9, 4, 5, 1}, 2), (Shares{{0, 1}, {2, 3, 4}}));
}

TEST(BalancedShares, EqualRowsAreDealtOutInOrder) {
    EXPECT_EQ(balanced_shares(std::vector<std::int64_t>{7, 7, 7, 7, 7}, 2), (Shares{{0, 2, 4}, {1, 3}}));
}

TEST(BalancedShares, WithFewerRowsThanMembersTheFirstOnesHaveOneEach) {
    EXPECT_EQ(balanced_shares(std::vector<std::int64_t>{2, 8}, 4), (Shares{{1}, {0}, {}, {}}));
    EXPECT_EQ(balanced_shares({}, 3), Shares(3));
}

TEST(BalancedShares, NobodyIsLeftWithoutARowThatThereIs) {
    const std::vector<std::vector<std::int64_t>> batches{{1000, 1, 1}, {1, 1, 1}, {1, 1, 1, 5000}};
    for (const auto& tokens : batches)
        for (const auto& share : balanced_shares(tokens, 3)) EXPECT_FALSE(share.empty());
}

TEST(BalancedShares, HoldEachRowOnceAndDifferByNoMoreThanTheLongest) {
    std::uint32_t state = 1;
    const auto next = [&] { return (state = state * 1664525U + 1013904223U) >> 16; };
    for (int turn = 0; turn < 200; ++turn) {
        std::vector<std::int64_t> tokens(next() % 40);
        for (auto& count : tokens) count = 1 + next() % 300;
        const auto members = std::size_t(1 + next() % 8);
        const auto shares = balanced_shares(tokens, members);
        ASSERT_EQ(shares.size(), members);
        std::vector<std::size_t> all;
        for (const auto& share : shares) {
            EXPECT_TRUE(std::is_sorted(share.begin(), share.end()));
            all.insert(all.end(), share.begin(), share.end());
        }
        std::sort(all.begin(), all.end());
        std::vector<std::size_t> each(tokens.size());
        std::iota(each.begin(), each.end(), std::size_t{0});
        EXPECT_EQ(all, each);
        const auto loads = loads_of(shares, tokens);
        const auto longest = tokens.empty() ? 0 : *std::max_element(tokens.begin(), tokens.end());
        EXPECT_LE(*std::max_element(loads.begin(), loads.end()) - *std::min_element(loads.begin(), loads.end()), longest);
    }
}

}  // namespace
}  // namespace layersweep
