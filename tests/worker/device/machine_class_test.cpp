#include "worker/device/machine_class.hpp"

#include <gtest/gtest.h>

namespace layersweep {
namespace {

std::string cpuinfo(const std::string& vendor, const std::string& flags) {
    return "processor\t: 0\nvendor_id\t: " + vendor + "\nmodel name\t: Some CPU avx2 @ 3.00GHz\nvmx flags\t: avx2\nflags\t\t: " + flags +
           "\nbugs\t\t: avx512f\n\nprocessor\t: 1\nvendor_id\t: Other\nflags\t\t: avx2 avx512f\n";
}

TEST(CpuMachineClass, NamesTheVendorAndWhatChoosesTheKernels) {
    EXPECT_EQ(cpu_machine_class(cpuinfo("GenuineIntel", "fpu sse2 avx2 avx512f avx512bw avx512_bf16 amx_bf16 amx_tile amx_int8")),
              "GenuineIntel amx avx512_bf16 avx512 avx2");
    EXPECT_EQ(cpu_machine_class(cpuinfo("AuthenticAMD", "fpu avx2")), "AuthenticAMD avx2");
    EXPECT_EQ(cpu_speed_class(cpuinfo("V", "fpu avx2"), 3), "Some CPU avx2 @ 3.00GHz, V avx2, threads 3");
}

TEST(CpuMachineClass, IsTheSameWhateverTheOrderOfTheFlags) {
    EXPECT_EQ(cpu_machine_class(cpuinfo("V", "avx512f avx2")), cpu_machine_class(cpuinfo("V", "avx2 sse avx512f")));
}

TEST(CpuMachineClass, TakesWholeFlagsOfTheFirstProcessorOnly) {
    EXPECT_EQ(cpu_machine_class(cpuinfo("V", "avx avx2x amx_tiles myavx512f")), "V");
}

TEST(CpuMachineClass, IsPlainWhereNothingIsKnown) {
    EXPECT_EQ(cpu_machine_class(""), "cpu");
    EXPECT_EQ(cpu_machine_class("no colon here\n:\n"), "cpu");
}

TEST(NvidiaDriverVersion, IsFoundInBothFormsOfTheFile) {
    EXPECT_EQ(nvidia_driver_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22)\n"
                                    "GCC version:  gcc version 12.3.0\n"),
              "580.65.06");
    EXPECT_EQ(nvidia_driver_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"),
              "535.104.05");
}

TEST(NvidiaDriverVersion, IsUnknownRatherThanAnotherNumber) {
    EXPECT_EQ(nvidia_driver_version(""), "unknown");
    EXPECT_EQ(nvidia_driver_version("GCC version:  gcc version 12.3.0\n"), "unknown");
    EXPECT_EQ(nvidia_driver_version("NVRM version: NVIDIA UNIX x86_64\n"), "unknown");
}

TEST(PeakResidentBytes, IsTheHighWaterMarkInBytes) {
    EXPECT_EQ(peak_resident_bytes("Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t  123 kB\nVmRSS:\t   77 kB\n"), 123 * 1024);
    EXPECT_EQ(peak_resident_bytes("Name:\tx\n"), 0);
}

}  // namespace
}  // namespace layersweep
