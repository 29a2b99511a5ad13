#include "worker/training/task_preparer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/worker/training/tiny_task.hpp"

namespace layersweep::test {
namespace {

using namespace std::chrono_literals;

/// Rows in memory: reading files is Arrow's work, whose threads the thread sanitizer cannot see into.
std::shared_ptr<const Dataset> rows_in_memory() {
    auto dataset = std::make_shared<Dataset>();
    dataset->classes = {{"0", "n"}, {"1", "p"}};
    dataset->prompt_template = "{text}:";
    for (std::int32_t row = 0; row < 200; ++row) {
        const Row one{row, std::string(1 + std::size_t(row % 5), char('a' + row % 8)), row % 2};
        (row % 4 == 0 ? dataset->test : dataset->train).rows.push_back(one);
    }
    for (auto& row : dataset->test.rows) row.label = std::int32_t(row.number / 4 % 2);
    return dataset;
}

class TaskPreparerTest : public ::testing::Test {
protected:
    void wait_until_ready() const {
        while (preparer.is_at_work()) std::this_thread::sleep_for(1ms);
    }
    static Trial trial_of(Mode mode) {
        auto trial = tiny_trial("gpt2", mode);
        trial.dataset.fingerprint = "rows in memory";
        trial.seed = 7;
        trial.training.shots = 20;
        trial.training.validation_rows = 10;
        return trial;
    }

    TaskInputs known{.dataset = rows_in_memory()};
    Pulse pulse;
    TaskPreparer preparer;
};

std::vector<std::vector<std::int32_t>> fed(const EncodedTask& task) {
    std::vector<std::vector<std::int32_t>> inputs;
    task.for_each_row([&](const EncodedRow& row) { inputs.push_back(row.ids); });
    return inputs;
}

TEST_F(TaskPreparerTest, MakesWhatTheTrialWouldMakeItself) {
    for (const auto mode : {Mode::lm, Mode::cls}) {
        auto expected = known;
        complete(expected, trial_of(mode), [] {});
        preparer.begin(trial_of(mode), known);
        EXPECT_TRUE(preparer.is_about(trial_of(mode)));
        const auto prepared = preparer.take(pulse);
        ASSERT_TRUE(prepared);
        EXPECT_EQ(prepared->trial, trial_of(mode));
        EXPECT_EQ(fed(*prepared->inputs.task), fed(*expected.task));
        EXPECT_EQ(prepared->inputs.task->label_token_ids, expected.task->label_token_ids);
        EXPECT_EQ(prepared->inputs.model->folder, expected.model->folder);
    }
}

TEST_F(TaskPreparerTest, WhatIsKnownIsNotMadeAgain) {
    complete(known, trial_of(Mode::lm), [] {});
    auto other = trial_of(Mode::lm);
    other.seed += 1;
    const auto lm = known.task;
    known.task = nullptr;
    preparer.begin(other, known);
    const auto prepared = preparer.take(pulse);
    ASSERT_TRUE(prepared);
    EXPECT_EQ(prepared->inputs.model, known.model);
    EXPECT_EQ(prepared->inputs.dataset, known.dataset);
    EXPECT_NE(fed(*prepared->inputs.task), fed(*lm));
}

TEST_F(TaskPreparerTest, GivesWhatItMadeOnce) {
    EXPECT_FALSE(preparer.take(pulse));
    EXPECT_FALSE(preparer.is_about(trial_of(Mode::lm)));
    preparer.begin(trial_of(Mode::lm), known);
    EXPECT_TRUE(preparer.take(pulse));
    EXPECT_FALSE(preparer.take(pulse));
    EXPECT_FALSE(preparer.is_about(trial_of(Mode::lm)));
}

TEST_F(TaskPreparerTest, ErrorsAreLeftToTheTrialItself) {
    auto without_model = trial_of(Mode::lm), without_rows = trial_of(Mode::lm);
    without_model.model.path = "/nowhere";
    without_rows.training.demonstrations_per_class = 1000;
    for (const auto& trial : {without_model, without_rows}) {
        preparer.begin(trial, known);
        EXPECT_FALSE(preparer.take(pulse));
    }
    preparer.begin(trial_of(Mode::lm), known);
    EXPECT_TRUE(preparer.take(pulse));
}

TEST_F(TaskPreparerTest, OneAtATime) {
    auto first = trial_of(Mode::lm), second = first;
    second.seed += 1;
    preparer.begin(first, known);
    preparer.begin(second, known);
    const auto prepared = preparer.take(pulse);
    ASSERT_TRUE(prepared);
    EXPECT_FALSE(preparer.take(pulse)) << "the other one is not made";
}

TEST_F(TaskPreparerTest, ThePulseOfOneWhoDoesNotWaitStandsStill) {
    preparer.begin(trial_of(Mode::lm), known);
    wait_until_ready();
    EXPECT_TRUE(preparer.take(pulse));
    EXPECT_EQ(pulse.count(), 0U);
}

TEST_F(TaskPreparerTest, EndsInTheMiddleOfItsWork) {
    for (int i = 0; i < 50; ++i) {
        TaskPreparer brief;
        brief.begin(trial_of(Mode::lm), known);
        if (i % 2 != 0) std::this_thread::sleep_for(std::chrono::microseconds(i * 100));
    }
}

}  // namespace
}  // namespace layersweep::test
