#include "orchestrator/schedule/cost_model.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

const ModelFacts model{
    .layers = 24, .d_model = 2048, .vocabulary = 50'000, .fixed_parameters = 100'000'000, .block_parameters = 50'000'000};

double cost(const std::function<void(Trial&)>& change = [](Trial&) {}) {
    Trial trial = test::sample_trial('a');
    change(trial);
    return relative_cost(trial, model);
}

TEST(CostModel, MoreWorkCostsMore) {
    const double base = cost();
    EXPECT_GT(base, 0);
    EXPECT_GT(cost([](Trial& t) { t.layers = 12; }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.shots = 400; }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.shots.reset(); }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.epochs = 60; }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.test_rows.reset(); }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.loss = Loss::vocabulary; }), base);
    EXPECT_GT(cost([](Trial& t) { t.training.demonstrations_per_class = 2; }), base);
}

TEST(CostModel, LessWorkCostsLess) {
    const double base = cost();
    EXPECT_LT(cost([](Trial& t) { t.mode = Mode::cls; }), base) << "no demonstrations";
    EXPECT_LT(cost([](Trial& t) { t.resources.gang = 4; }), base);
    EXPECT_LT(cost([](Trial& t) { t.training.epochs = 0; }), base);
}

TEST(CostModel, EvenTheSmallestTrialCostsSomething) {
    EXPECT_GT(cost([](Trial& t) {
                  t.layers = 0;
                  t.training.epochs = 0;
              }),
              0);
}

}  // namespace
}  // namespace layersweep
