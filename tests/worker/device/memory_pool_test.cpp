#include "worker/device/memory_pool.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace layersweep {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

at::Tensor block(std::size_t mebibytes) {
    return at::empty({std::int64_t(mebibytes * mebibyte)}, at::kByte);
}

class MemoryPoolTest : public ::testing::Test {
protected:
    MemoryPoolTest() { pool.release(); }
    ~MemoryPoolTest() override { pool.release(); }
    MemoryPool& pool = MemoryPool::install();
};

TEST_F(MemoryPoolTest, GivesTheSameMemoryAgain) {
    auto first = block(8);
    const auto* place = first.const_data_ptr();
    first.reset();
    EXPECT_EQ(pool.idle_bytes(), 8 * mebibyte);
    const auto second = block(8);
    EXPECT_EQ(second.const_data_ptr(), place);
    EXPECT_EQ(pool.idle_bytes(), 0U);
}

TEST_F(MemoryPoolTest, ABlockServesWhatIsALittleSmallerOrLarger) {
    auto first = block(21);
    const auto* place = first.const_data_ptr();
    first.reset();
    { EXPECT_EQ(block(18).const_data_ptr(), place); }
    { EXPECT_EQ(block(22).const_data_ptr(), place); }
    { EXPECT_NE(block(12).const_data_ptr(), place); }
}

TEST_F(MemoryPoolTest, NeverHoldsMoreThanWasOnceInUse) {
    { const auto a = block(40), b = block(32); }
    EXPECT_EQ(pool.idle_bytes(), 72 * mebibyte);
    const auto c = block(64);  // neither of the two fits, and beside them it would be more than ever
    EXPECT_LE(pool.idle_bytes(), 8 * mebibyte);
}

TEST_F(MemoryPoolTest, TellsWhatItKeptBesideWhatWasInUse) {
    { const auto large = block(64); }
    pool.begin_peak();
    EXPECT_EQ(pool.kept_at_peak(), 64 * mebibyte);
    { const auto small = block(8); }
    EXPECT_EQ(pool.kept_at_peak(), 56 * mebibyte) << "8 in use of 64";
    pool.release();
    pool.begin_peak();
    { const auto large = block(16); }
    EXPECT_EQ(pool.kept_at_peak(), 0U);
}

TEST_F(MemoryPoolTest, SmallBlocksAreTheSystems) {
    { const auto small = at::empty({1000}, at::kByte); }
    EXPECT_EQ(pool.idle_bytes(), 0U);
}

TEST_F(MemoryPoolTest, WhatIsAskedForZeroedIsZero) {
    { block(8).fill_(7); }
    EXPECT_EQ(at::zeros({std::int64_t(8 * mebibyte)}, at::kByte).count_nonzero().item<std::int64_t>(), 0);
}

TEST_F(MemoryPoolTest, RawMemoryOfAnySizeGoesBack) {
    for (const std::size_t bytes : {std::size_t{100}, 2 * mebibyte}) pool.raw_deallocate(pool.raw_allocate(bytes));
    EXPECT_EQ(pool.idle_bytes(), 2 * mebibyte);
}

TEST_F(MemoryPoolTest, ThreadsShareIt) {
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 200; ++i) block(std::size_t(1 + (i * 7 + t) % 5)).fill_(t);
            });
    }
    EXPECT_LE(pool.idle_bytes(), 4 * 5 * mebibyte);
}

}  // namespace
}  // namespace layersweep
