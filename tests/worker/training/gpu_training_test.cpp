// Whole trials on the GPU against the same trials on the CPU, and against themselves.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <iostream>

#include "tests/worker/training/tiny_trial.hpp"

namespace layersweep::test {
namespace {

struct Case {
    std::string family;
    Mode mode;
};

class GpuTraining : public ::testing::TestWithParam<Case> {
protected:
    [[nodiscard]] Trial trial(Precision precision, bool fast) const {
        auto trial = letters_trial(GetParam().family, GetParam().mode, dataset);
        trial.training.precision = precision;
        trial.training.weight_decay = 0.1;
        if (fast) trial.shortcuts = {true, true, true, true};
        return trial;
    }
    TinyDataset dataset;
};

double largest_relative_difference(const std::vector<double>& computed, const std::vector<double>& expected) {
    double largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) largest = std::max(largest, std::abs(computed.at(i) / expected[i] - 1));
    return largest;
}

TEST_P(GpuTraining, FiftyLossesAreTheCpus) {
    // What differs by its rounding is trained on, for 50 steps.
    for (const auto& [precision, tolerance] :
         {std::pair{Precision::fp64, rounding_of(GetParam().family)}, {Precision::fp32, 1e-3}, {Precision::bf16, 0.2}})
        for (const bool fast : {false, true}) {
            const auto here = outcome_on(Device::cuda, trial(precision, fast)), there = outcome_on(Device::cpu, trial(precision, fast));
            ASSERT_EQ(here.losses.size(), 50U);
            ASSERT_EQ(there.losses.size(), 50U);
            const auto difference = largest_relative_difference(here.losses, there.losses);
            EXPECT_LE(difference, tolerance) << name_of(precision) << (fast ? ", shortcuts" : "");
            std::cout << GetParam().family << " " << name_of(GetParam().mode) << " " << name_of(precision) << (fast ? " shortcuts" : "")
                      << ": largest relative difference " << difference << "\n";
            if (precision == Precision::fp64) {
                EXPECT_EQ(here.result.accuracy, there.result.accuracy);
            }
        }
}

TEST_P(GpuTraining, TheSameTrialHasTheSameBits) {
    for (const auto precision : {Precision::fp64, Precision::fp32, Precision::tf32, Precision::bf16})
        for (const bool fast : {false, true})
            for (const double dropout : {0.0, 0.1}) {
                auto repeated = trial(precision, fast && dropout == 0);
                repeated.training.dropout = dropout;
                repeated.training.epochs = 3;
                const auto first = outcome_on(Device::cuda, repeated);
                EXPECT_EQ(outcome_on(Device::cuda, repeated).result, first.result) << name_of(precision) << " dropout " << dropout;
            }
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const auto& family : tiny_models)
        for (const auto mode : {Mode::lm, Mode::p_cls, Mode::cls}) all.push_back({family, mode});
    return all;
}

INSTANTIATE_TEST_SUITE_P(Families, GpuTraining, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return test_name(info.param.family) + std::to_string(int(info.param.mode)); });

TEST(GpuWarmStore, KeepsPristineTensorsAndTheirTrialsHaveTheSameBits) {
    const TinyDataset dataset;
    auto trial = letters_trial("gpt2", Mode::lm, dataset);
    trial.training.precision = Precision::bf16;
    auto store = cold_store(Device::cuda);
    const auto cold = outcome_of(trial, *solo_collective(), store);
    EXPECT_GT(store.pristine().bytes(), 0U);
    EXPECT_EQ(outcome_of(trial, *solo_collective(), store).result, cold.result);
    EXPECT_EQ(outcome_on(Device::cuda, trial).result, cold.result);
    EXPECT_GT(store.device().peak_memory_bytes(), 0);
}

}  // namespace
}  // namespace layersweep::test
