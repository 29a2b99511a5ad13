#include "worker/training/warm_store.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tests/worker/training/tiny_trial.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep::test {
namespace {

class WarmStoreTest : public ::testing::Test {
protected:
    static Trial three_epochs(const std::string& family, Mode mode, const TinyDataset& dataset) {
        auto trial = letters_trial(family, mode, dataset);
        trial.training.dropout = 0.1;
        trial.training.epochs = 3;
        return trial;
    }
    /// Trials that differ in what a worker keeps: data, model, seed, mode, blocks, numbers.
    [[nodiscard]] std::vector<Trial> trials() const {
        std::vector<Trial> all;
        for (const auto mode : {Mode::lm, Mode::p_cls, Mode::cls}) all.push_back(three_epochs("gpt2", mode, dataset));
        all.push_back(three_epochs("gpt2", Mode::lm, other_dataset));
        all.push_back(three_epochs("opt", Mode::lm, other_dataset));
        all.push_back(three_epochs("gpt2", Mode::lm, dataset));
        all.back().layers = 3;
        all.back().training.precision = Precision::fp32;
        all.push_back(three_epochs("gpt2", Mode::lm, dataset));
        all.back().seed += 1;
        for (const auto mode : {Mode::lm, Mode::cls}) all.push_back(three_epochs("llama-untied", mode, dataset));
        all.push_back(three_epochs("opt", Mode::cls, dataset));
        all.back().training.init = Init::random;
        return all;
    }
    static Result run(const Trial& trial, WarmStore& store, const Trial* likely_next = nullptr) {
        auto result = run_trial(trial, *solo_collective(), store, {.likely_next = likely_next});
        result.timings = {};
        return result;
    }
    static Result run_cold(const Trial& trial) {
        auto store = cold_store();
        return run(trial, store);
    }
    static void wait_until_prepared(const WarmStore& store) {
        while (store.is_preparing()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    TinyDataset dataset;
    TinyDataset other_dataset{5};
};

TEST_F(WarmStoreTest, AWarmTrialHasTheBitsOfAColdOne) {
    auto store = cold_store();
    for (int round = 0; round < 2; ++round)
        for (const auto& trial : trials()) EXPECT_EQ(run(trial, store), run_cold(trial));
}

TEST_F(WarmStoreTest, ATrialBehindOthersWithPreparedInputsHasTheBitsOfAColdOne) {
    auto store = cold_store();
    const auto all = trials();
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(run(all[i], store, &all[(i + 1) % all.size()]), run_cold(all[i]));
}

TEST_F(WarmStoreTest, ATrialWithPristineTensorsHasTheBitsOfAColdOne) {
    for (const std::size_t budget : {5'000U, 10'000'000U}) {
        WarmStore store(WorkerDevice::open(test_device(), 0, 1), budget);
        for (const auto& trial : trials()) EXPECT_EQ(run(trial, store), run_cold(trial));
        EXPECT_GT(store.pristine().bytes(), 0U);
        EXPECT_LE(store.pristine().bytes(), budget);
    }
}

TEST_F(WarmStoreTest, AWrongGuessChangesNothing) {
    auto store = cold_store();
    const auto all = trials();
    auto impossible = all.front();
    impossible.dataset.train = {"/nowhere/train.csv"};
    impossible.dataset.fingerprint = "nowhere";
    EXPECT_EQ(run(all[0], store, &impossible), run_cold(all[0]));
    EXPECT_EQ(run(all[1], store, &all[4]), run_cold(all[1]));
    EXPECT_EQ(run(all[2], store), run_cold(all[2]));
    EXPECT_THROW((void)run(impossible, store), TrialFailed) << "the trial itself tells";
}

TEST_F(WarmStoreTest, WhatWasPreparedIsNotReadAgain) {
    std::optional<TinyDataset> passing(std::in_place, 9U);
    const auto trial = three_epochs("gpt2", Mode::lm, *passing);
    const auto expected = run_cold(trial);
    auto store = cold_store();
    store.prepare(trial);
    wait_until_prepared(store);
    passing.reset();
    EXPECT_EQ(run(trial, store), expected);
}

TEST_F(WarmStoreTest, TrialsThatFeedTheSameShareOneTask) {
    auto store = cold_store();
    const auto lm = store.task(three_epochs("gpt2", Mode::lm, dataset));
    store.prepare(three_epochs("gpt2", Mode::p_cls, dataset));
    EXPECT_FALSE(store.is_preparing()) << "it is there already";
    EXPECT_EQ(store.task(three_epochs("gpt2", Mode::p_cls, dataset)), lm);
    store.prepare(three_epochs("gpt2", Mode::cls, dataset));
    EXPECT_NE(store.task(three_epochs("gpt2", Mode::cls, dataset)), lm);
    EXPECT_EQ(store.task(three_epochs("gpt2", Mode::lm, dataset)), lm);
}

TEST_F(WarmStoreTest, ASecondAttemptHasTheMemoryForItself) {
    WarmStore store(WorkerDevice::open(test_device(), 0, 1), 10'000'000);
    const auto trial = trials().front();
    (void)run(trial, store);
    const auto kept = store.pristine().bytes();
    EXPECT_GT(kept, 0U);
    store.begin_attempt(2);
    EXPECT_EQ(run(trial, store), run_cold(trial));
    EXPECT_EQ(store.pristine().bytes(), 0U);
    store.begin_attempt(1);
    (void)run(trial, store);
    EXPECT_EQ(store.pristine().bytes(), kept);
}

TEST_F(WarmStoreTest, ATrialThatRunsOutOfMemoryBesidePristineTensorsIsTriedAgain) {
    const auto reason = [](WarmStore& store, const Trial& trial) {
        try {
            (void)run_trial(trial, *solo_collective(), store, {.what_next = []() -> WhatNext { throw std::bad_alloc(); }});
        } catch (const TrialFailed& failed) {
            return failed.failure.reason;
        }
        return FailureReason::not_a_number;
    };
    WarmStore store(WorkerDevice::open(test_device(), 0, 1), 10'000'000);
    const auto trial = trials().front();
    EXPECT_EQ(reason(store, trial), FailureReason::internal);
    EXPECT_EQ(store.pristine().bytes(), 0U);
    store.begin_attempt(2);
    EXPECT_EQ(reason(store, trial), FailureReason::out_of_memory);
}

}  // namespace
}  // namespace layersweep::test
