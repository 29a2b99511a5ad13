#include "worker/training/task_preparer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/worker/training/tiny_task.hpp"

namespace layersweep::test {
namespace {

using namespace std::chrono_literals;

class TaskPreparerTest : public ::testing::Test {
protected:
    void wait_until_ready() const {
        while (preparer.is_at_work()) std::this_thread::sleep_for(1ms);
    }
    [[nodiscard]] Trial trial_of(Mode mode) const { return letters_trial("gpt2", mode, dataset); }

    TinyDataset dataset;
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
        TaskInputs expected;
        complete(expected, trial_of(mode), [] {});
        preparer.begin(trial_of(mode), {});
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
    TaskInputs known;
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
    preparer.begin(trial_of(Mode::lm), {});
    EXPECT_TRUE(preparer.take(pulse));
    EXPECT_FALSE(preparer.take(pulse));
    EXPECT_FALSE(preparer.is_about(trial_of(Mode::lm)));
}

TEST_F(TaskPreparerTest, ErrorsAreLeftToTheTrialItself) {
    auto without_data = trial_of(Mode::lm), without_model = trial_of(Mode::lm);
    without_data.dataset.train = {"/nowhere/train.csv"};
    without_model.model.path = "/nowhere";
    for (const auto& trial : {without_data, without_model}) {
        preparer.begin(trial, {});
        EXPECT_FALSE(preparer.take(pulse));
    }
    preparer.begin(trial_of(Mode::lm), {});
    EXPECT_TRUE(preparer.take(pulse));
}

TEST_F(TaskPreparerTest, OneAtATime) {
    auto first = trial_of(Mode::lm), second = first;
    second.seed += 1;
    preparer.begin(first, {});
    preparer.begin(second, {});
    const auto prepared = preparer.take(pulse);
    ASSERT_TRUE(prepared);
    EXPECT_FALSE(preparer.take(pulse)) << "the other one is not made";
}

TEST_F(TaskPreparerTest, ThePulseOfOneWhoDoesNotWaitStandsStill) {
    preparer.begin(trial_of(Mode::lm), {});
    wait_until_ready();
    EXPECT_TRUE(preparer.take(pulse));
    EXPECT_EQ(pulse.count(), 0U);
}

TEST_F(TaskPreparerTest, EndsInTheMiddleOfItsWork) {
    for (int i = 0; i < 50; ++i) {
        TaskPreparer brief;
        brief.begin(trial_of(Mode::lm), {});
        if (i % 2 != 0) std::this_thread::sleep_for(std::chrono::microseconds(i * 100));
    }
}

}  // namespace
}  // namespace layersweep::test
