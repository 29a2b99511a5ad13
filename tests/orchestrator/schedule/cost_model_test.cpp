#include "orchestrator/schedule/cost_model.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

TrialSize size_of_prompts() {
    TrialSize size{.decoder = test::sample_decoder(2048, 50'000, 2048)};
    auto& task = size.task;
    for (int row = 0; row < 400; ++row) task.training.add(140);
    for (int row = 0; row < 1000; ++row) task.validation.add(141), task.test.add(142);
    task.shared_prefix = 110;
    task.longest = 142;
    task.distinct_tokens = 3000;
    task.classes = 2;
    return size;
}

struct Changed {
    Trial trial = test::sample_trial('a');
    TrialSize size = size_of_prompts();
};

double seconds(const std::function<void(Changed&)>& change = [](Changed&) {}) {
    Changed changed;
    changed.trial.training.dropout = 0;
    change(changed);
    return foreseen_s(changed.trial, changed.size, nominal_rates());
}

TEST(CostModel, MoreWorkTakesLonger) {
    const double base = seconds([](Changed& c) { c.trial.layers = 6; });
    EXPECT_GT(base, 0);
    EXPECT_GT(seconds([](Changed& c) { c.trial.layers = 12; }), base);
    const auto longer = [&](const std::function<void(Changed&)>& change) {
        return seconds([&](Changed& c) {
            c.trial.layers = 6;
            change(c);
        });
    };
    EXPECT_GT(longer([](Changed& c) { c.size.task.training.add(140); }), base);
    EXPECT_GT(longer([](Changed& c) { c.size.task.test.add(140); }), base);
    EXPECT_GT(longer([](Changed& c) { c.trial.training.epochs = 60; }), base);
    EXPECT_GT(longer([](Changed& c) { c.trial.training.loss = Loss::vocabulary; }), base);
    EXPECT_GT(longer([](Changed& c) { c.trial.training.precision = Precision::fp64; }), base);
}

TEST(CostModel, LessWorkTakesLessTime) {
    const auto base = seconds();
    const auto batched = [](Changed& c) { c.trial.training.batch = 16; };
    EXPECT_LT(seconds(batched), base) << "fewer passes over the parameters";
    EXPECT_LT(seconds([](Changed& c) { c.trial.shortcuts.vocabulary = true; }), base);
    EXPECT_LT(seconds([](Changed& c) { c.trial.shortcuts.label_position = true; }), base);
    EXPECT_LT(seconds([](Changed& c) { c.trial.shortcuts.shared_prefix = true; }), base);
    EXPECT_LT(seconds([&](Changed& c) {
                  batched(c);
                  c.trial.shortcuts.shared_prefix_in_training = true;
              }),
              seconds(batched));
    EXPECT_LT(seconds([&](Changed& c) {
                  batched(c);
                  c.trial.resources.gang = 4;
              }),
              seconds(batched));
    EXPECT_LT(seconds([](Changed& c) { c.trial.training.epochs = 0; }), base);
    EXPECT_GT(seconds([](Changed& c) {
                  c.trial.layers = 0;
                  c.trial.training.epochs = 0;
              }),
              0);
}

TEST(CostModel, PatienceIsForeseenToEndSomeTrialsEarly) {
    const auto with = [](std::optional<std::int64_t> patience) {
        return seconds([&](Changed& c) {
            c.trial.training.epochs = 50;
            c.trial.training.patience = patience;
        });
    };
    EXPECT_LT(with(15), with(std::nullopt));
    EXPECT_EQ(with(50), with(std::nullopt));
    EXPECT_LT(with(5), with(15));
}

class CostModelLearns : public ::testing::Test {
protected:
    CostModelLearns() {
        for (const char key : {'a', 'b', 'c', 'd'}) trials_.push_back(test::sample_trial(key));
        trials_[1].seed = 1;     // of the first one's kind
        trials_[2].layers += 1;  // of its mode
        trials_[3].model.name = "another";
        sizes_.assign(trials_.size(), size_of_prompts());
    }
    std::vector<Trial> trials_;
    std::vector<TrialSize> sizes_;
};

TEST_F(CostModelLearns, FromTrialsThatAreAlike) {
    CostModel costs(trials_, sizes_);
    const auto before = costs.predicted_s(0), other_layers = costs.predicted_s(2), other_model = costs.predicted_s(3);
    costs.learn(0, {.total_s = 3 * before});
    EXPECT_NEAR(costs.predicted_s(1), 3 * before, 1e-9 * before);
    EXPECT_NEAR(costs.predicted_s(2), 3 * other_layers, 1e-9 * other_layers) << "the same mode, as long as nothing nearer is known";
    EXPECT_EQ(costs.predicted_s(3), other_model);
    costs.learn(2, {.total_s = other_layers});
    EXPECT_NEAR(costs.predicted_s(2), other_layers, 1e-9 * other_layers);
    EXPECT_NEAR(costs.predicted_s(1), 3 * before, 1e-9 * before);
}

TEST_F(CostModelLearns, TheRatesOfTheSlowestMachine) {
    CostModel costs(trials_, sizes_);
    auto rates = nominal_rates();
    rates.fp32 *= 4;
    rates.bandwidth *= 4;
    const auto nominal = costs.predicted_s(0);
    costs.know({});
    EXPECT_EQ(costs.predicted_s(0), nominal) << "nothing was measured";
    costs.know(rates);
    const auto fast = costs.predicted_s(0);
    EXPECT_LT(fast, nominal);
    costs.know(nominal_rates());
    EXPECT_EQ(costs.predicted_s(0), nominal);
    costs.know(rates);
    EXPECT_EQ(costs.predicted_s(0), nominal);
}

TEST_F(CostModelLearns, WhatWasMeasuredStaysRightWhenRatesBecomeKnown) {
    CostModel costs(trials_, sizes_);
    costs.learn(0, {.total_s = 7});
    auto rates = nominal_rates();
    rates.fp32 *= 500;
    rates.bandwidth *= 100;
    costs.know(rates);
    EXPECT_NEAR(costs.predicted_s(1), 7, 1e-9) << "a trial of the same kind";
}

TEST_F(CostModelLearns, NothingForAnotherPrecisionOrWidth) {
    trials_[1].training.precision = Precision::bf16;
    trials_[2].layers = trials_[0].layers;
    trials_[2].resources.gang = 2;
    CostModel costs(trials_, sizes_);
    const auto rounded = costs.predicted_s(1), wide = costs.predicted_s(2);
    costs.learn(0, {.total_s = 1000});
    EXPECT_EQ(costs.predicted_s(1), rounded);
    EXPECT_EQ(costs.predicted_s(2), wide);
}

TEST_F(CostModelLearns, NothingFromAResultWithoutSeconds) {
    CostModel costs(trials_, sizes_);
    const auto before = costs.predicted_s(0);
    for (const double seconds : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        costs.learn(0, {.total_s = seconds});
    EXPECT_EQ(costs.predicted_s(0), before);
}

TEST(CostModel, OperatorsTakeAsLongInAnyGang) {
    const auto with_slow_operators = [](std::int64_t gang) {
        Changed changed;
        changed.trial.training.batch = 8;
        changed.trial.resources.gang = gang;
        auto rates = nominal_rates();
        rates.operator_s = 1;
        return foreseen_s(changed.trial, changed.size, rates);
    };
    EXPECT_GT(with_slow_operators(4), 0.8 * with_slow_operators(1)) << "but for the batches of scoring, which are shared out";
}

}  // namespace
}  // namespace layersweep
