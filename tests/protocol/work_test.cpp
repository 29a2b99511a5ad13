#include "protocol/work.hpp"

#include <gtest/gtest.h>

namespace layersweep {
namespace {

/// d 8, an MLP of 32, learned positions, biases everywhere.
constexpr DecoderSize decoder{.d_model = 8,
                              .vocabulary = 100,
                              .position_rows = 64,
                              .query_width = 8,
                              .keys_values = 2 * 8 * 8,
                              .block_matrices = 4 * 8 * 8 + 2 * 8 * 32,
                              .block_parameters = 4 * 8 * 8 + 4 * 8 + 2 * 8 * 32 + 32 + 8 + 4 * 8,
                              .final_norm = 2 * 8};

TokenSums inputs(std::initializer_list<std::int64_t> lengths) {
    TokenSums sums;
    for (const auto length : lengths) sums.add(length);
    return sums;
}

TaskSize task() {
    return {.training = inputs({12, 14, 13, 15}),
            .validation = inputs({12}),
            .test = inputs({16, 12}),
            .shared_prefix = 10,
            .longest = 16,
            .distinct_tokens = 20,
            .classes = 3};
}

Trial trial() {
    Trial trial{.mode = Mode::p_cls, .layers = 2};
    trial.training.batch = 2;
    return trial;
}

/// Operations of one block over inputs of these lengths, counted one by one.
double block_flops(std::initializer_list<std::int64_t> lengths) {
    double flops = 0;
    for (const auto length : lengths) {
        for (std::int64_t token = 1; token <= length; ++token) {
            flops += 2.0 * 8 * 24 + 2.0 * 8 * 8 + 2 * 2.0 * 8 * 32;  // queries, keys, values; output; both layers of the MLP
            flops += 2 * 2.0 * 8 * double(token);                    // scores and their sums
        }
    }
    return flops;
}

TEST(Work, APlainPassIsEveryProductOfEveryToken) {
    auto two = trial();
    EXPECT_DOUBLE_EQ(scoring_pass(two, decoder, task(), task().test).flops, 2 * block_flops({16, 12}) + 2 * 2.0 * 8 * 3);
    two.layers = 0;
    EXPECT_DOUBLE_EQ(scoring_pass(two, decoder, task(), task().test).flops, 2 * 2.0 * 8 * 3);
    EXPECT_DOUBLE_EQ(scoring_pass(two, decoder, task(), {}).flops, 0);
}

TEST(Work, TrainingIsThreeForwardPassesAndEightTouchesOfEveryNumberTenOfTheBlocks) {
    const auto work = training_epoch(trial(), decoder, task());
    EXPECT_DOUBLE_EQ(work.flops, 3 * (2 * block_flops({12, 14, 13, 15}) + 4 * 2.0 * 8 * 3));
    const double block = 4 * 64 + 4 * 8 + 2 * 8 * 32 + 32 + 8 + 4 * 8;
    const double parameters = (100 + 64 + 3 + 2) * 8 + 2 * block;
    EXPECT_DOUBLE_EQ(held_parameters(trial(), decoder, task()), parameters);
    EXPECT_DOUBLE_EQ(work.bytes, (8 * parameters + 2 * 2 * block) * 4 * 2) << "two steps";
}

TEST(Work, ASharedPrefixIsComputedOncePerStepAndOncePerPass) {
    auto shares = trial();
    shares.shortcuts.shared_prefix = shares.shortcuts.shared_prefix_in_training = true;
    const auto saved = [](std::int64_t times) { return 2 * double(times) * block_flops({10}); };
    EXPECT_DOUBLE_EQ(training_epoch(shares, decoder, task()).flops, training_epoch(trial(), decoder, task()).flops - 3 * saved(2));
    EXPECT_DOUBLE_EQ(scoring_pass(shares, decoder, task(), task().test).flops,
                     scoring_pass(trial(), decoder, task(), task().test).flops - saved(1));
    shares.training.batch = 1;
    auto alone = trial();
    alone.training.batch = 1;
    EXPECT_EQ(training_epoch(shares, decoder, task()), training_epoch(alone, decoder, task())) << "one row shares with nobody";
    auto wide = trial(), wide_shares = shares;
    wide.training.batch = wide_shares.training.batch = 3;
    wide.resources.gang = wide_shares.resources.gang = 3;
    EXPECT_EQ(training_epoch(wide_shares, decoder, task()), training_epoch(wide, decoder, task())) << "a step with one row among them";
    auto short_prefix = task();
    short_prefix.shared_prefix = shortest_shared_prefix - 1;
    EXPECT_EQ(scoring_pass(shares, decoder, short_prefix, short_prefix.test),
              scoring_pass(trial(), decoder, short_prefix, short_prefix.test));
}

TEST(Work, TheLastBlockIsReadAtTheLabelAlone) {
    auto reads_ends = trial();
    reads_ends.shortcuts.label_position = true;
    double last = 0;
    for (const auto length : {16, 12}) {
        last += double(length) * 2.0 * 8 * 16;                 // keys and values
        last += 2.0 * 8 * 8 + 2.0 * 8 * 8 + 2 * 2.0 * 8 * 32;  // query, output, MLP
        last += 2 * 2.0 * 8 * double(length);                  // what it looks at
    }
    EXPECT_DOUBLE_EQ(scoring_pass(reads_ends, decoder, task(), task().test).flops, block_flops({16, 12}) + last + 2 * 2.0 * 8 * 3);
}

TEST(Work, CompactTablesHoldWhatIsRead) {
    auto compact = trial();
    compact.shortcuts.vocabulary = true;
    EXPECT_DOUBLE_EQ(held_parameters(trial(), decoder, task()) - held_parameters(compact, decoder, task()), (100 + 64 - 20 - 16) * 8);
}

TEST(Work, ALongBatchIsFourDeviationsAboveTheMeanAndNoLongerThanTheLongestRows) {
    auto two = trial();
    const auto even = TaskSize{.training = inputs({12, 12, 12, 12}), .shared_prefix = 10, .longest = 16};
    EXPECT_EQ(tokens_of_a_long_batch(two, even), 24);
    const auto odd = TaskSize{.training = inputs({11, 13, 11, 13}), .shared_prefix = 10, .longest = 16};
    EXPECT_EQ(tokens_of_a_long_batch(two, odd), 30);  // 24 + 4 · √2 · 1, rounded
    auto longest = odd;
    longest.longest = 13;
    EXPECT_EQ(tokens_of_a_long_batch(two, longest), 26);
    two.shortcuts.shared_prefix_in_training = true;
    EXPECT_EQ(tokens_of_a_long_batch(two, odd), 20) << "the prefix of one of them";
    two.resources.gang = 2;
    EXPECT_EQ(tokens_of_a_long_batch(two, even), 12);
    two.training.batch = 100;
    EXPECT_EQ(tokens_of_a_long_batch(two, even), 48 - 3 * 10) << "there are no more rows";
}

TEST(Work, WithoutATableOfPositionsAndWithAHeadOfItsOwn) {
    auto rotary = decoder;
    rotary.position_rows = 0;
    EXPECT_DOUBLE_EQ(held_parameters(trial(), decoder, task()) - held_parameters(trial(), rotary, task()), 64 * 8);
    auto untied = rotary;
    untied.has_tied_head = false;
    EXPECT_DOUBLE_EQ(held_parameters(trial(), untied, task()), held_parameters(trial(), rotary, task())) << "p-cls has no such head";
    auto lm = trial();
    lm.mode = Mode::lm;
    EXPECT_DOUBLE_EQ(held_parameters(lm, untied, task()) - held_parameters(lm, rotary, task()), 100 * 8);
    lm.shortcuts.vocabulary = true;
    EXPECT_DOUBLE_EQ(held_parameters(lm, untied, task()) - held_parameters(lm, rotary, task()), 3 * 8) << "the label words' rows";
    EXPECT_DOUBLE_EQ(held_parameters(lm, decoder, task()) - held_parameters(lm, rotary, task()), 16 * 8);
}

TEST(Work, FewerHeadsOfKeysAndValuesMakeTheLastBlockCheaper) {
    auto grouped = decoder;
    grouped.keys_values /= 2;
    grouped.block_matrices -= grouped.keys_values;
    auto reads_ends = trial();
    reads_ends.layers = 1;
    reads_ends.shortcuts.label_position = true;
    const auto saved =
        scoring_pass(reads_ends, decoder, task(), task().test).flops - scoring_pass(reads_ends, grouped, task(), task().test).flops;
    EXPECT_DOUBLE_EQ(saved, 2.0 * (16 + 12) * 8 * 8);
}

TEST(Work, SumsOfMoreInputsOfTheSameKind) {
    EXPECT_EQ(inputs({12, 14}).times(2), inputs({12, 14, 12, 14}));
    EXPECT_EQ(inputs({12, 14}).times(1), inputs({12, 14}));
    EXPECT_EQ(TokenSums{}.times(1), TokenSums{});
}

TEST(Work, TheFloorIsTheSlowerOfComputingAndMoving) {
    const MachineRates rates{.fp32 = 100, .bf16 = 400, .bandwidth = 10, .operator_s = 1};
    EXPECT_DOUBLE_EQ(floor_s({1000, 20}, rates, Precision::fp32), 10);
    EXPECT_DOUBLE_EQ(floor_s({1000, 20}, rates, Precision::bf16), 2.5);
    EXPECT_DOUBLE_EQ(floor_s({100, 20}, rates, Precision::fp32), 2);
}

}  // namespace
}  // namespace layersweep
