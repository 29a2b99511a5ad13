#include "worker/device/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "protocol/errors.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/scoped_variable.hpp"
#include "worker/device/gpus.hpp"

namespace layersweep {
namespace {

std::string refusal_of(Device wanted) {
    return test::refusal([&] { (void)WorkerDevice::open(wanted, 0, 1); });
}

TEST(WorkerDevice, OnTheCpuHasTheThreadsThatWereAskedFor) {
    auto device = WorkerDevice::open(Device::cpu, 3, 2);
    EXPECT_TRUE(device.torch_device().is_cpu());
    EXPECT_EQ(device.name(), "cpu");
    EXPECT_EQ(at::get_num_threads(), 2);
    EXPECT_NE(device.machine_class().find(", threads 2"), std::string::npos) << device.machine_class();
    device.use_threads(1);
    EXPECT_EQ(at::get_num_threads(), 1);
    EXPECT_NE(device.machine_class().find(", threads 1"), std::string::npos) << device.machine_class();
}

TEST(WorkerDevice, FlushesDenormalsAndIsDeterministicWithoutFillingMemory) {
    (void)WorkerDevice::open(Device::cpu, 0, 1);
    volatile float smallest = std::numeric_limits<float>::min();
    EXPECT_EQ(smallest / 2, 0.0F);
    EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
    EXPECT_FALSE(at::globalContext().deterministicFillUninitializedMemory());
}

TEST(WorkerDevice, PeakMemoryHoldsWhatWasOnceUsed) {
    const auto device = WorkerDevice::open(Device::cpu, 0, 1);
    const auto bytes = device.peak_memory_bytes() + (std::int64_t{16} << 20);
    ASSERT_GT(bytes, std::int64_t{16} << 20) << "the program itself has used some";
    { const std::vector<char> touched(static_cast<std::size_t>(bytes), 'x'); }
    EXPECT_GE(device.peak_memory_bytes(), bytes);
}

TEST(WorkerDevice, RefusesNonsense) {
    EXPECT_THROW((void)WorkerDevice::open(Device::cpu, -1, 1), InvariantError);
    EXPECT_THROW((void)WorkerDevice::open(Device::cpu, 0, 0), InvariantError);
}

TEST(WorkerDeviceWithoutGpu, RefusesCudaAndNamesWhatIsMissing) {
    if (visible_gpus() > 0) GTEST_SKIP() << "a GPU is here";
    const auto text = refusal_of(Device::cuda);
    EXPECT_NE(text.find(built_with_cuda() ? "CUDA shows no GPU" : "built without CUDA"), std::string::npos) << text;
}

TEST(WorkerDeviceWithoutGpu, AutomaticDoesNotTakeTheCpuWhereAGpuIsAnnounced) {
    if (visible_gpus() > 0) GTEST_SKIP() << "a GPU is here";
    const test::ScopedVariable announced("CUDA_VISIBLE_DEVICES", "0");
    EXPECT_NE(refusal_of(Device::automatic).find("a GPU seems to be here"), std::string::npos);
    EXPECT_NO_THROW((void)WorkerDevice::open(Device::cpu, 0, 1)) << "what is asked for by name can be had";
}

TEST(WorkerDeviceWithoutGpu, AutomaticIsTheCpuWhereGpusAreHidden) {
    if (visible_gpus() > 0) GTEST_SKIP() << "a GPU is here";
    for (const char* hidden : {"", "-1", "NoDevFiles"}) {
        const test::ScopedVariable variable("CUDA_VISIBLE_DEVICES", hidden);
        EXPECT_EQ(WorkerDevice::open(Device::automatic, 0, 1).name(), "cpu");
    }
}

}  // namespace
}  // namespace layersweep
