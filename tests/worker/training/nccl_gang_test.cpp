// A trial of a gang over NCCL against the same trial of one worker, on the CPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/worker/parallel/nccl_test_gang.hpp"
#include "tests/worker/training/tiny_trial.hpp"

namespace layersweep::test {
namespace {

/// What every member says is the same.
void expect_agreement(const std::string& text, Collective& by_mpi) {
    const auto own = numbers_of(text), sum = own.clone();
    by_mpi.all_reduce_sum(sum);
    EXPECT_TRUE(at::equal(sum, own * by_mpi.size())) << text;
}

class NcclGang : public ::testing::TestWithParam<std::string> {};

TEST_P(NcclGang, ComputesWhatOneWorkerComputesOnTheCpu) {
    const TinyDataset dataset;
    for (const auto mode : {Mode::lm, Mode::p_cls, Mode::cls})
        for (const bool fast : {false, true}) {
            auto trial = letters_trial(GetParam(), mode, dataset);
            if (fast) trial.shortcuts = {true, true, true, true};
            const auto expected = outcome_on(Device::cpu, trial);

            WarmStore store(open_shared_gpu());
            const auto factory = nccl_collective_factory(store.device());
            const auto assign = nccl_assignment(*factory);
            const auto [losses, result] = outcome_of(trial, *factory->make(self(), assign, {}), store);
            const double rounding = rounding_of(GetParam());
            ASSERT_EQ(losses.size(), expected.losses.size());
            for (std::size_t step = 0; step < expected.losses.size(); ++step)
                EXPECT_NEAR(losses[step], expected.losses[step], rounding * expected.losses[step]) << "step " << step;
            if (self().rank == 0) {
                EXPECT_EQ(result.accuracy, expected.result.accuracy);
            }
            expect_agreement(result.weights_hash, *mpi_collective_factory()->make(self(), assignment(all_ranks()), {}));
        }
}

INSTANTIATE_TEST_SUITE_P(Families, NcclGang, ::testing::ValuesIn(tiny_models), [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace layersweep::test
