#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/worker/parallel/nccl_test_gang.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using namespace test;

class NcclCollective : public ::testing::Test {
protected:
    std::unique_ptr<Collective> gang(const to_worker::Assign& assign, Interrupted interrupted = {}) {
        return factory->make(self(), assign, std::move(interrupted));
    }
    WorkerDevice device = open_shared_gpu();
    std::unique_ptr<CollectiveFactory> factory = nccl_collective_factory(device, 60s);
};

template <class T>
void expect_sums(Collective& gang, const to_worker::Assign& assign, std::int64_t count, at::Device device) {
    const auto flat = payload_of<T>(self(), assign.epoch, count).to(device);
    gang.all_reduce_sum(flat);
    EXPECT_EQ(wrong_sums<T>(flat.cpu(), assign.gang, assign.epoch), 0) << count << " numbers of " << sizeof(T) << " bytes";
}

TEST_F(NcclCollective, SumsAreThoseOfTheMembersNumbers) {
    for (int turn = 0; turn < 2; ++turn) {  // the second communicator stands behind a farewell
        const auto assign = nccl_assignment(*factory);
        const auto all = gang(assign);
        ASSERT_EQ(all->size(), 2);
        for (const std::int64_t count : {0, 1, 3, 1'000'003}) {
            expect_sums<float>(*all, assign, count, device.torch_device());
            expect_sums<double>(*all, assign, count, device.torch_device());
        }
    }
}

TEST_F(NcclCollective, SumsStandBehindTheWorkThatMakesTheirNumbersAndInFrontOfWhatFollows) {
    const auto assign = nccl_assignment(*factory);
    const auto all = gang(assign);
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device.torch_device());
    const auto large = at::full({4096, 4096}, 1.0 / 4096, options);
    for (int turn = 0; turn < 5; ++turn) {
        const auto flat = at::zeros({4096 * 4096}, options);
        auto work = large;
        for (int i = 0; i < 20; ++i) work = at::mm(work, large);  // is still being computed when the sum is asked for
        flat.copy_(work.flatten() * float(self().rank + 1));
        for (const std::int64_t begin : {3 * 4096 * 1024, 4096 * 100, 0})
            all->start_sum(flat.narrow(0, begin, (begin == 0 ? 4096 * 100 : begin == 4096 * 100 ? 3 * 4096 * 1024 : 4096 * 4096) - begin));
        all->finish_sums();
        const auto sum = (flat * 2).sum(at::kDouble).item<double>();
        EXPECT_NEAR(sum / (4096.0 * 4096.0), 2 * 3 / 4096.0, 1e-8) << "turn " << turn;
    }
}

TEST_F(NcclCollective, AnInterruptedWaitIsLostAndTheNextGangIsRight) {
    const auto abandoned = nccl_assignment(*factory);
    bool leaves = false;
    const auto lost = gang(abandoned, [&] { return leaves; });
    if (self().rank == 0) {
        leaves = true;
        const auto flat = payload_of<float>(self(), abandoned.epoch, 1'000'003).to(device.torch_device());
        EXPECT_THROW(lost->all_reduce_sum(flat), CollectiveLost);
    }
    const auto next = nccl_assignment(*factory);
    expect_sums<float>(*gang(next), next, 1'000'003, device.torch_device());
}

TEST_F(NcclCollective, AMemberThatNeverComesIsLostAfterTheTimeout) {
    const auto impatient = nccl_collective_factory(device, 2s);
    const auto assign = nccl_assignment(*impatient);
    if (self().rank == 0) {
        EXPECT_THROW((void)impatient->make(self(), assign, {}), CollectiveLost);
    }
    const auto next = nccl_assignment(*factory);
    expect_sums<float>(*gang(next), next, 1000, device.torch_device());
}

TEST_F(NcclCollective, RefusesTensorsThatItCannotAdd) {
    const auto all = gang(nccl_assignment(*factory));
    const auto options = at::TensorOptions().device(device.torch_device());
    for (const auto& flat : {at::empty({4}, options.dtype(at::kLong)), at::empty({2, 2}, options.dtype(at::kFloat)),
                             at::empty({4}, at::TensorOptions(at::kFloat))})
        EXPECT_THROW(all->all_reduce_sum(flat), InvariantError);
}

}  // namespace
}  // namespace layersweep
