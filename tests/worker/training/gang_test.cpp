#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/thread_collective.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep::test {
namespace {

constexpr std::int64_t steps = 50, batches_of_one_row = 10;

/// Passes everything on and counts the gradients that were not zero.
class CountingCollective final : public Collective {
public:
    CountingCollective(Collective& inner, std::int64_t gradient_size) : inner_(inner), gradient_size_(gradient_size) {}
    [[nodiscard]] int rank() const override { return inner_.rank(); }
    [[nodiscard]] int size() const override { return inner_.size(); }
    void start_sum(const at::Tensor& flat) override {
        if (flat.numel() > gradient_size_) {
            ++reductions;
            if (flat.narrow(0, 0, gradient_size_).abs().max().item<double>() > 0) ++contributions;
        }
        inner_.start_sum(flat);
    }
    void finish_sums() override { inner_.finish_sums(); }
    [[nodiscard]] double waited_s() const override { return inner_.waited_s(); }
    int reductions = 0, contributions = 0;

private:
    Collective& inner_;
    std::int64_t gradient_size_;
};

/// What one member of a gang saw.
struct Member {
    Outcome outcome;
    int reductions = 0, contributions = 0;
};

std::vector<Member> train(const Trial& trial, int size, std::int64_t parameters) {
    std::vector<Member> members{static_cast<std::size_t>(size)};
    run_gang(size, [&](Collective& collective) {
        auto store = cold_store();
        auto& member = members[std::size_t(collective.rank())];
        CountingCollective counting(collective, parameters);
        member.outcome = outcome_of(trial, counting, store);
        member.reductions = counting.reductions;
        member.contributions = counting.contributions;
    });
    return members;
}

struct Case {
    int size;
    std::string family;
    Mode mode;
};

class GangTest : public ::testing::TestWithParam<Case> {};

TEST_P(GangTest, ComputesWhatOneWorkerComputes) {
    const auto& [size, family, mode] = GetParam();
    const TinyDataset dataset;
    const auto trial = letters_trial(family, mode, dataset);
    const auto [solo_losses, solo] = outcome_on(test_device(), trial);
    ASSERT_EQ(solo.steps, steps);

    const auto members = train(trial, size, solo.parameters);
    const auto& [losses, leader] = members[0].outcome;
    ASSERT_EQ(losses.size(), solo_losses.size());
    for (std::size_t s = 0; s < solo_losses.size(); ++s) EXPECT_NEAR(losses[s], solo_losses[s], 1e-8) << "step " << s;
    EXPECT_EQ(leader.best_epoch, solo.best_epoch);
    ASSERT_EQ(leader.predictions.size(), solo.predictions.size());
    ASSERT_FALSE(solo.predictions.empty());
    for (std::size_t r = 0; r < solo.predictions.size(); ++r) {
        EXPECT_EQ(leader.predictions[r].row, solo.predictions[r].row);
        for (std::size_t c = 0; c < dataset.ref().classes.size(); ++c)
            EXPECT_NEAR(leader.predictions[r].scores[c], solo.predictions[r].scores[c], 1e-8);
    }
    EXPECT_EQ(leader.train_tokens, solo.train_tokens);
}

TEST_P(GangTest, EveryMemberContributesAndAllEndWithTheSameBits) {
    const auto& [size, family, mode] = GetParam();
    const TinyDataset dataset;
    const auto trial = letters_trial(family, mode, dataset);
    const auto solo = outcome_on(test_device(), trial).result;
    const auto members = train(trial, size, solo.parameters);
    for (int rank = 0; rank < size; ++rank) {
        const auto& member = members[std::size_t(rank)];
        EXPECT_EQ(member.reductions, steps);
        EXPECT_EQ(member.contributions, rank == 0 ? steps : steps - batches_of_one_row) << "rank " << rank;
        EXPECT_EQ(member.outcome.result.weights_hash, members[0].outcome.result.weights_hash);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GangTest,
                         ::testing::Values(Case{2, "gpt2", Mode::lm}, Case{4, "gpt2", Mode::cls}, Case{2, "opt", Mode::p_cls},
                                           Case{4, "opt", Mode::lm}, Case{2, "llama", Mode::lm}, Case{4, "llama-untied", Mode::lm}),
                         [](const auto& info) { return test_name(info.param.family) + std::to_string(info.param.size); });

TEST(GangVotes, OneMemberThatSaysNoStopsAllAtTheSameStep) {
    const TinyDataset dataset;
    const auto trial = letters_trial("gpt2", Mode::lm, dataset);
    std::atomic<int> abandoned = 0, steps_of_all = 0;
    run_gang(3, [&](Collective& collective) {
        auto store = cold_store();
        RecordedLosses losses;
        int asked = 0;
        const auto what_next = [&] { return collective.rank() == 1 && asked++ == 4 ? WhatNext::abandon : WhatNext::go_on; };
        try {
            (void)run_trial(trial, collective, store, {.what_next = what_next, .observer = &losses});
        } catch (const TrialAbandoned&) {
            ++abandoned;
            steps_of_all += int(losses.losses.size());
        }
    });
    EXPECT_EQ(abandoned, 3);
    EXPECT_EQ(steps_of_all, 3 * 4);
}

}  // namespace
}  // namespace layersweep::test
