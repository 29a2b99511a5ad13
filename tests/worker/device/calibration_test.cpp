#include "worker/device/calibration.hpp"

#include <gtest/gtest.h>

#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_directory.hpp"
#include "worker/device/rates_file.hpp"

namespace layersweep {
namespace {

TEST(Calibration, MeasuresOnceAndRemembers) {
    const test::TemporaryDirectory folder;
    const test::ScopedVariable cache("XDG_CACHE_HOME", folder.path().c_str());
    const auto device = WorkerDevice::open(Device::cpu, 0, 1);
    const auto rates = rates_of(device);
    for (const auto rate : {rates.fp32, rates.bf16, rates.fp64, rates.bandwidth, rates.operator_s}) EXPECT_GT(rate, 0);
    EXPECT_EQ(rates.tf32, 0) << "a format of GPUs";
    EXPECT_EQ(read_rates(device.speed_class()), rates);
    EXPECT_EQ(rates_of(device), rates);
}

}  // namespace
}  // namespace layersweep
