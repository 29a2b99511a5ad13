#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "tests/support/temporary_directory.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/evaluation.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep::test {
namespace {

class TrainerTest : public ::testing::Test {
protected:
    [[nodiscard]] Trial trial_of(Mode mode) const { return letters_trial("gpt2", mode, dataset); }
    Result run(const Trial& trial, const TrialHooks& hooks = {}) {
        auto store = cold_store();
        return run_trial(trial, *solo_collective(), store, hooks);
    }
    TinyDataset dataset;
};

std::int64_t epoch_of_earliest_best(const std::vector<EpochRecord>& curve) {
    const auto best = std::max_element(curve.begin(), curve.end(),
                                       [](const auto& a, const auto& b) { return a.validation_accuracy < b.validation_accuracy; });
    return best->epoch;
}

TEST_F(TrainerTest, SecondsOfPhasesAreThoseOfTheirWhole) {
    auto store = cold_store();
    store.know({.fp32 = 1e12, .bf16 = 1e12, .fp64 = 1e12, .bandwidth = 1e12, .operator_s = 1e-6});
    const auto timings = run_trial(trial_of(Mode::lm), *solo_collective(), store).timings;
    for (const auto seconds : {timings.start_s, timings.forward_s, timings.backward_s, timings.optimizer_s}) EXPECT_GT(seconds, 0);
    EXPECT_LE(timings.forward_s + timings.backward_s + timings.reduce_s + timings.optimizer_s, timings.train_s);
    EXPECT_LE(timings.load_s + timings.encode_s, timings.start_s);
    EXPECT_LE(timings.load_s + timings.encode_s + timings.train_s + timings.evaluate_s, timings.total_s);
    EXPECT_EQ(timings.wait_s, 0) << "alone";
    EXPECT_GT(timings.floor_fraction, 0);
    EXPECT_LT(timings.floor_fraction, 1) << "no machine does that";
    EXPECT_EQ(run(trial_of(Mode::lm)).timings.floor_fraction, 0) << "nobody measured the machine";
}

TEST_F(TrainerTest, LossFallsWhileItTrains) {
    auto trial = trial_of(Mode::lm);
    trial.training.learning_rate = 5e-3;
    const auto result = run(trial);
    EXPECT_LT(result.curve.back().train_loss, 0.7 * result.curve.front().train_loss);
    EXPECT_EQ(result.train_rows, 21);
    EXPECT_EQ(result.train_rows_per_class, (std::vector<std::int64_t>{7, 7, 7}));
}

TEST_F(TrainerTest, ConstantAccuracyEndsAfterPatienceAndTestsTheFirstEpoch) {
    auto trial = trial_of(Mode::cls);
    trial.training.learning_rate = 0;
    trial.training.patience = 3;
    const auto result = run(trial);
    EXPECT_EQ(result.best_epoch, 1);
    EXPECT_EQ(result.curve.size(), 4U);
    EXPECT_EQ(result.steps, 4 * 5);
}

TEST_F(TrainerTest, WithoutPatienceEveryEpochRuns) {
    auto trial = trial_of(Mode::cls);
    trial.training.learning_rate = 0;
    trial.training.patience = std::nullopt;
    EXPECT_EQ(run(trial).curve.size(), 10U);
}

TEST_F(TrainerTest, EarliestBestEpochIsTheOneTested) {
    auto trial = trial_of(Mode::cls);
    trial.training.learning_rate = 2e-2;
    trial.training.epochs = 15;
    const auto full = run(trial);
    EXPECT_EQ(full.best_epoch, epoch_of_earliest_best(full.curve));
    ASSERT_GT(full.best_epoch, 1) << "the trial must learn before its best epoch";
    ASSERT_LT(full.best_epoch, 15) << "the trial must have epochs behind its best one";
    EXPECT_EQ(full.best_validation_accuracy, full.curve[std::size_t(full.best_epoch - 1)].validation_accuracy);

    trial.training.epochs = full.best_epoch;
    const auto up_to_best = run(trial);
    EXPECT_EQ(full.predictions, up_to_best.predictions);
    EXPECT_NE(full.weights_hash, up_to_best.weights_hash);
}

TEST_F(TrainerTest, StopsWhenPatienceEpochsBroughtNoStrictRise) {
    auto trial = trial_of(Mode::cls);
    trial.training.learning_rate = 2e-2;
    trial.training.epochs = 15;
    const auto full = run(trial);
    trial.training.patience = 2;
    const auto stopped = run(trial);
    std::size_t epochs = 0, best = 0;
    double best_accuracy = -1;
    while (epochs < full.curve.size() && epochs - best < 2) {
        if (full.curve[epochs].validation_accuracy > best_accuracy) {
            best_accuracy = full.curve[epochs].validation_accuracy;
            best = epochs + 1;
        }
        ++epochs;
    }
    ASSERT_LT(epochs, full.curve.size()) << "the trial must stop early";
    EXPECT_EQ(stopped.curve, std::vector<EpochRecord>(full.curve.begin(), full.curve.begin() + std::ptrdiff_t(epochs)));
    EXPECT_EQ(stopped.best_epoch, std::int64_t(best));
}

TEST_F(TrainerTest, NoEpochsTestTheCutModelAsItIs) {
    for (const auto mode : {Mode::lm, Mode::p_cls, Mode::cls}) {
        auto trial = trial_of(mode);
        trial.training.epochs = 0;
        auto store = cold_store();
        const auto result = run_trial(trial, *solo_collective(), store);
        const auto task = store.task(trial);
        CutModel model(trial, *task, store);
        EXPECT_EQ(result.predictions, evaluate(model, task->test, task->label_token_ids.size(), *solo_collective(), [] {}));
        EXPECT_EQ(result.weights_hash, model.parameters().hash());
        EXPECT_EQ(result.steps, 0);
        EXPECT_EQ(result.best_epoch, 0);
        EXPECT_TRUE(result.curve.empty());
    }
}

TEST_F(TrainerTest, NoBlocksLeaveEmbeddingsAndFinalNorm) {
    auto trial = trial_of(Mode::lm);
    trial.layers = 0;
    EXPECT_EQ(run(trial).parameters, 64 * 16 + 32 * 16 + 2 * 16);
}

TEST_F(TrainerTest, WeightsThatTheLastStepBrokeFailTheTrial) {
    auto trial = trial_of(Mode::p_cls);
    trial.training.epochs = 1;
    trial.training.batch = 21;  // one step: its own loss is still finite
    trial.training.learning_rate = 1e200;
    try {
        (void)run(trial);
        FAIL() << "the trial has a result";
    } catch (const TrialFailed& failed) {
        EXPECT_EQ(failed.failure.reason, FailureReason::not_a_number);
        EXPECT_NE(failed.failure.detail.find("scores"), std::string::npos) << failed.failure.detail;
    }
}

TEST_F(TrainerTest, WithoutValidationRowsTheLastEpochIsTested) {
    auto trial = trial_of(Mode::lm);
    trial.training.validation_rows = 0;
    trial.training.epochs = 3;
    const auto result = run(trial);
    EXPECT_EQ(result.validation_rows, 0);
    EXPECT_EQ(result.best_epoch, 3);
}

TEST_F(TrainerTest, EvaluationHearsAStop) {
    auto trial = trial_of(Mode::lm);
    trial.training.epochs = 0;
    auto store = cold_store();
    EXPECT_THROW((void)run_trial(trial, *solo_collective(), store, {.what_next = [] { return WhatNext::abandon; }}), TrialAbandoned);
}

TEST_F(TrainerTest, LossThatIsNotFiniteFailsTheTrial) {
    auto trial = trial_of(Mode::lm);
    trial.training.learning_rate = 1e200;
    try {
        (void)run(trial);
        FAIL() << "the trial has a result";
    } catch (const TrialFailed& failed) {
        EXPECT_EQ(failed.failure.reason, FailureReason::not_a_number);
        EXPECT_NE(failed.failure.detail.find("step 2"), std::string::npos) << failed.failure.detail;
    }
}

TEST_F(TrainerTest, AWordToLeaveAbandonsTheTrialAtTheNextStep) {
    int asked = 0;
    const TrialHooks seven{.what_next = [&] { return ++asked < 7 ? WhatNext::go_on : WhatNext::abandon; }};
    EXPECT_THROW((void)run(trial_of(Mode::lm), seven), TrialAbandoned);
    EXPECT_EQ(asked, 7);
}

TEST_F(TrainerTest, AModelThatIsNotThereIsTheMachinesFailureAndOneThatCannotBeReadIsTheTrials) {
    const auto reason_of = [this](const Trial& trial) -> std::optional<FailureReason> {
        try {
            (void)run(trial);
        } catch (const TrialFailed& failed) {
            return failed.failure.reason;
        }
        return std::nullopt;
    };
    auto trial = trial_of(Mode::lm);
    trial.model.path += "-that-is-not-there";
    EXPECT_EQ(reason_of(trial), FailureReason::infrastructure);

    const TemporaryDirectory folder;
    trial.model.path = folder.path().string();
    std::ofstream(folder.path() / "config.json") << "{";
    EXPECT_EQ(reason_of(trial), FailureReason::bad_data);
}

TEST_F(TrainerTest, SeedDropoutAndLearningRateChangeTheWeights) {
    auto trial = trial_of(Mode::lm);
    trial.training.epochs = 1;
    const auto base = run(trial).weights_hash;
    auto other_seed = trial, with_dropout = trial, other_rate = trial;
    other_seed.seed += 1;
    with_dropout.training.dropout = 0.1;
    other_rate.training.learning_rate *= 2;
    for (const auto& other : {other_seed, with_dropout, other_rate}) EXPECT_NE(run(other).weights_hash, base);
}

TEST_F(TrainerTest, ObserverChangesNothingAndEndsTrainingWhenItAsks) {
    class ThreeSteps final : public TrialObserver {
    public:
        void on_start(const std::function<void(const std::string&)>&, const std::vector<std::int32_t>& tokens) override {
            classes = tokens.size();
        }
        void on_step(const StepRecord& step) override { rows.push_back(step.labels.size()); }
        [[nodiscard]] bool wants_stop() override { return rows.size() == 3; }
        std::size_t classes = 0;
        std::vector<std::size_t> rows;
    } observer;
    const auto trial = trial_of(Mode::lm);
    auto store = cold_store();
    const auto result = run_trial(trial, *solo_collective(), store, {.observer = &observer});
    EXPECT_EQ(result.steps, 3);
    EXPECT_TRUE(result.predictions.empty());
    EXPECT_EQ(observer.classes, 3U);
    EXPECT_EQ(observer.rows, (std::vector<std::size_t>{5, 5, 5}));
    RecordedLosses watched;
    EXPECT_EQ(run_trial(trial, *solo_collective(), store, {.observer = &watched}).weights_hash, run(trial).weights_hash);
}

}  // namespace
}  // namespace layersweep::test
