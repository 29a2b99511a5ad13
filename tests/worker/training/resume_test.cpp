#include <gtest/gtest.h>

#include <sys/stat.h>

#include <map>
#include <random>
#include <set>

#include "tests/support/thread_collective.hpp"
#include "tests/worker/training/interrupted_trial.hpp"

namespace layersweep::test {
namespace {

struct Case {
    Mode mode;
    std::uint32_t draw;
    Precision precision = Precision::fp64;
    Shortcuts shortcuts{};
};

Trial changed(Trial trial, const Case& by) {
    trial.training.precision = by.precision;
    trial.shortcuts = by.shortcuts;
    return trial;
}

class ResumeTest : public ::testing::TestWithParam<Case> {
protected:
    /// Interrupts at that place and goes on; the two attempts together do what one would have done.
    void expect_same_result(int at) {
        const CheckpointFolder folder;
        const auto first = attempt(trial, folder.plan(), {.at = at});
        ASSERT_FALSE(first.result.has_value()) << "it was not interrupted at " << at;
        const auto second = attempt(trial, folder.plan());
        EXPECT_EQ(second.result, whole.result) << "interrupted at " << at;
        EXPECT_EQ(first.asked + second.asked, whole.asked + 1) << "only what was interrupted is done again";
        EXPECT_EQ(first.steps + second.steps, whole.steps);
        EXPECT_TRUE(first.notices.empty());
        EXPECT_EQ(second.notices.size(), 1U) << "it says where it goes on from";
    }

    TinyDataset dataset;
    Trial trial = changed(interruptible_trial(GetParam().mode, dataset), GetParam());
    AttemptLog whole = attempt(trial);
    int epochs = int(whole.result->curve.size());
    std::mt19937 random{GetParam().draw};
};

TEST_P(ResumeTest, InTheMiddleOfAnEpoch) {
    expect_same_result(int(random() % unsigned(epochs)) * 6 + 2 + int(random() % 4));
}

TEST_P(ResumeTest, BetweenTwoEpochs) {
    expect_same_result(int(1 + random() % unsigned(epochs - 1)) * 6 + 1);
}

TEST_P(ResumeTest, DuringValidation) {
    expect_same_result(int(1 + random() % unsigned(epochs)) * 6);
}

INSTANTIATE_TEST_SUITE_P(Draws, ResumeTest,
                         ::testing::Values(Case{Mode::lm, 1}, Case{Mode::lm, 2}, Case{Mode::lm, 3}, Case{Mode::p_cls, 4},
                                           Case{Mode::p_cls, 5}, Case{Mode::p_cls, 6}, Case{Mode::cls, 7}, Case{Mode::cls, 8},
                                           Case{Mode::cls, 9}, Case{Mode::lm, 10, Precision::fp32}, Case{Mode::cls, 11, Precision::fp32},
                                           Case{Mode::lm, 12, Precision::fp32, {true, true, true, false}},
                                           Case{Mode::p_cls, 13, Precision::fp64, {true, true, true, true}},
                                           Case{Mode::lm, 14, Precision::bf16, {true, true, true, false}},
                                           Case{Mode::p_cls, 15, Precision::bf16}),
                         [](const auto& info) { return "draw" + std::to_string(info.param.draw); });

class Resume : public ::testing::Test {
protected:
    TinyDataset dataset;
    CheckpointFolder folder;
};

TEST_F(Resume, TheTrialsOfTheseTestsDropOutAndStopEarly) {
    const auto stopped = attempt(interruptible_trial(Mode::cls, dataset));
    EXPECT_LT(stopped.result->curve.size(), 15U);
    EXPECT_GT(stopped.result->best_epoch, 1);
    auto without = interruptible_trial(Mode::lm, dataset);
    const auto dropped = attempt(without);
    without.training.dropout = 0.0;
    EXPECT_NE(attempt(without).result->weights_hash, dropped.result->weights_hash);
}

TEST_F(Resume, DuringTheTestTrainsNoMoreAndNeedsNoTensorsButTheBest) {
    for (const auto mode : {Mode::lm, Mode::p_cls, Mode::cls}) {
        const CheckpointFolder one;
        const auto trial = interruptible_trial(mode, dataset);
        const auto whole = attempt(trial);
        EXPECT_FALSE(attempt(trial, one.plan(), {.at = whole.asked}).result.has_value());
        EXPECT_LT(std::filesystem::file_size(one.state()), 8000U);
        const auto again = attempt(trial, one.plan());
        EXPECT_EQ(again.result, whole.result);
        EXPECT_EQ(again.asked, 1);
    }
}

TEST_F(Resume, ACheckpointOfOtherShortcutsIsNotUsed) {
    auto trial = interruptible_trial(Mode::p_cls, dataset);
    trial.shortcuts = {true, true, true, true};
    (void)attempt(trial, folder.plan(), {.at = 8});
    trial.shortcuts.vocabulary = false;
    const auto again = attempt(trial, folder.plan());
    EXPECT_EQ(again.result, attempt(trial).result);
    ASSERT_EQ(again.notices.size(), 1U);
    EXPECT_NE(again.notices[0].find("shortcuts"), std::string::npos) << again.notices[0];
}

TEST_F(Resume, ManyInterruptionsOfOneTrial) {
    const auto trial = interruptible_trial(Mode::lm, dataset);
    const auto whole = attempt(trial);
    AttemptLog last;
    int attempts = 0;
    std::size_t steps = 0;
    for (; !last.result && attempts < 100; ++attempts) {
        last = attempt(trial, folder.plan(), {.at = 2 + attempts % 5});
        steps += last.steps;
    }
    EXPECT_GT(attempts, 15);
    EXPECT_EQ(last.result, whole.result);
    EXPECT_EQ(steps, whole.steps);
}

TEST_F(Resume, AfterADeathFromTheLastCheckpointInTime) {
    const auto trial = interruptible_trial(Mode::p_cls, dataset);
    struct Death {};
    int asked = 0;
    auto store = cold_store();
    const TrialHooks dying{.what_next = [&] { return ++asked == 29 ? throw Death{} : WhatNext::go_on; },
                           .checkpoints = folder.after_every_step()};
    EXPECT_THROW((void)run_trial(trial, *solo_collective(), store, dying), Death);
    const auto whole = attempt(trial), second = attempt(trial, folder.plan());
    EXPECT_EQ(second.result, whole.result);
    EXPECT_EQ(second.asked, whole.asked - 28);
}

TEST_F(Resume, NothingIsWrittenBeforeItIsTimeNorWithoutAWordForIt) {
    const auto trial = interruptible_trial(Mode::lm, dataset);
    EXPECT_TRUE(attempt(trial, folder.plan()).result.has_value());
    (void)attempt(trial, folder.plan(), {.at = 9, .word = WhatNext::abandon});
    (void)attempt(trial, folder.plan(), {.at = 1});  // nothing is trained yet
    EXPECT_FALSE(std::filesystem::exists(folder.path()));
}

TEST_F(Resume, SecondsAddUp) {
    const auto trial = interruptible_trial(Mode::lm, dataset);
    auto store = cold_store();
    int asked = 0;
    TrialHooks hooks{.what_next = [&] { return ++asked == 31 ? WhatNext::save_and_abandon : WhatNext::go_on; },
                     .checkpoints = folder.plan()};
    EXPECT_THROW((void)run_trial(trial, *solo_collective(), store, hooks), TrialAbandoned);
    const auto resumed = run_trial(trial, *solo_collective(), store, hooks);
    const auto whole = run_trial(trial, *solo_collective(), store, {});
    EXPECT_GT(resumed.timings.train_s, 0.6 * whole.timings.train_s) << "half of it was trained in the first attempt";
    EXPECT_GE(resumed.timings.total_s, resumed.timings.train_s + resumed.timings.evaluate_s);
}

std::set<std::int64_t> epochs_that_rose(const Result& result) {
    std::set<std::int64_t> rose;
    double best = -1;
    for (const auto& epoch : result.curve) {
        if (epoch.validation_accuracy <= best) continue;
        best = epoch.validation_accuracy;
        rose.insert(epoch.epoch);
    }
    return rose;
}

TEST_F(Resume, BestWeightsAreWrittenOnceAndOldOnesGo) {
    const auto trial = interruptible_trial(Mode::cls, dataset);
    std::map<std::string, std::set<ino_t>> seen;
    auto store = cold_store();
    const auto look = [&] {
        std::size_t best_files = 0;
        for (const auto& name : folder.files()) {
            if (!name.starts_with("best-")) continue;
            struct stat status {};
            stat((folder.path() + "/" + name).c_str(), &status);
            seen[name].insert(status.st_ino);
            ++best_files;
        }
        EXPECT_LE(best_files, 1U);
        return WhatNext::go_on;
    };
    const auto result = run_trial(trial, *solo_collective(), store, {.what_next = look, .checkpoints = folder.after_every_step()});
    auto rose = epochs_that_rose(result);
    rose.erase(std::int64_t(result.curve.size()));  // after the last epoch nothing is written
    ASSERT_GT(rose.size(), 1U);
    std::set<std::string> names;
    for (const auto epoch : rose) names.insert("best-" + std::to_string(epoch) + ".safetensors");
    for (const auto& [name, inodes] : seen) {
        EXPECT_EQ(names.erase(name), 1U) << name;
        EXPECT_EQ(inodes.size(), 1U) << name << " was written again";
    }
    EXPECT_TRUE(names.empty());
}

TEST_F(Resume, AResumedAttemptDoesNotWriteTheSameBestAgain) {
    const auto trial = interruptible_trial(Mode::cls, dataset);
    (void)attempt(trial, folder.plan(), {.at = 9});
    struct stat before {
    }, after{};
    const auto best = folder.path() + "/best-1.safetensors";
    ASSERT_EQ(stat(best.c_str(), &before), 0);
    (void)attempt(trial, folder.plan(), {.at = 2});
    ASSERT_EQ(stat(best.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
}

/// One attempt of a gang of two; every member has a folder, a word and an answer of its own.
std::vector<AttemptLog> gang_attempt(const Trial& trial, const std::vector<CheckpointPlan>& plans, Interruption of_the_second = {}) {
    std::vector<AttemptLog> logs(2);
    run_gang(2, [&](Collective& gang) {
        auto store = cold_store();
        const auto rank = std::size_t(gang.rank());
        logs[rank] = attempt(trial, plans[rank], rank == 1 ? of_the_second : Interruption{}, gang, store);
    });
    return logs;
}

TEST_F(Resume, AGangLeavesTogetherAndGoesOnTogether) {
    const auto trial = interruptible_trial(Mode::lm, dataset);
    const std::vector plans(2, folder.plan());
    const auto whole = gang_attempt(trial, {{}, {}});
    for (const int at : {7, 23}) {
        const auto first = gang_attempt(trial, plans, {.at = at});
        EXPECT_FALSE(first[0].result || first[1].result) << "the word reached one member only, and all are to hear it";
    }
    const auto last = gang_attempt(trial, plans);
    for (std::size_t rank = 0; rank < 2; ++rank) {
        EXPECT_EQ(last[rank].result, whole[rank].result);
        EXPECT_LT(last[rank].steps, 30U);
    }
}

TEST_F(Resume, AGangOfWhichOneCannotReadStartsOver) {
    const CheckpointFolder empty;
    const auto trial = interruptible_trial(Mode::lm, dataset);
    const auto whole = gang_attempt(trial, {{}, {}});
    for (const bool leader_reads : {true, false}) {
        (void)gang_attempt(trial, {folder.plan(), folder.plan()}, {.at = 20});
        std::vector plans{folder.plan(), empty.plan()};
        if (!leader_reads) std::swap(plans[0], plans[1]);
        const auto last = gang_attempt(trial, plans);
        for (std::size_t rank = 0; rank < 2; ++rank) {
            EXPECT_EQ(last[rank].result, whole[rank].result);
            EXPECT_EQ(last[rank].steps, 50U) << "it starts over";
        }
        EXPECT_EQ(last[leader_reads ? 0 : 1].notices.size(), 1U);
    }
}

TEST_F(Resume, AGangWhoseMembersReadDifferentStatesStartsOver) {
    const CheckpointFolder other;
    const auto trial = interruptible_trial(Mode::lm, dataset);
    const auto whole = gang_attempt(trial, {{}, {}});
    (void)gang_attempt(trial, {folder.plan(), folder.plan()}, {.at = 12});
    (void)gang_attempt(trial, {other.plan(), other.plan()}, {.at = 13});
    const auto last = gang_attempt(trial, {folder.plan(), other.plan()});
    EXPECT_EQ(last[0].steps, 50U);
    EXPECT_EQ(last[0].result, whole[0].result);
}

}  // namespace
}  // namespace layersweep::test
