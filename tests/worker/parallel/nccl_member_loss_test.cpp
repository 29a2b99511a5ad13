#include <gtest/gtest.h>

#include <csignal>

#include "tests/worker/parallel/nccl_test_gang.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST(NcclMemberLoss, IsThrownAtTheOther) {
    constexpr std::int64_t count = 1'000'003;
    const auto device = open_shared_gpu();
    const auto factory = nccl_collective_factory(device, 20s);
    const auto assign = nccl_assignment(*factory);
    const auto gang = factory->make(self(), assign, {});
    const auto flat = payload_of<float>(self(), assign.epoch, count).to(device.torch_device());
    gang->all_reduce_sum(flat);
    EXPECT_EQ(wrong_sums<float>(flat.cpu(), assign.gang, assign.epoch), 0);
    if (self().rank == 1) raise(SIGKILL);
    EXPECT_THROW(gang->all_reduce_sum(flat), CollectiveLost);
}

}  // namespace
}  // namespace layersweep
