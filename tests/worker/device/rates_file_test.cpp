#include "worker/device/rates_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "tests/support/scoped_variable.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

constexpr MachineRates rates{.fp32 = 1e11, .bf16 = 2e11, .fp64 = 5e10, .bandwidth = 1.0 / 3 * 1e10, .operator_s = 1e-6};

class RatesFile : public ::testing::Test {
protected:
    [[nodiscard]] std::filesystem::path only_file() const { return *std::filesystem::directory_iterator(folder_.path() / "layersweep"); }
    test::TemporaryDirectory folder_;
    test::ScopedVariable cache_{"XDG_CACHE_HOME", folder_.path().c_str()};
};

TEST_F(RatesFile, ComesBackAsItWasForItsOwnClassAlone) {
    EXPECT_FALSE(read_rates("avx2, threads 1"));
    keep_rates("avx2, threads 1", rates);
    EXPECT_EQ(read_rates("avx2, threads 1"), rates);
    EXPECT_FALSE(read_rates("avx2, threads 2"));
}

TEST_F(RatesFile, WhatCannotBeReadWasNotMeasured) {
    keep_rates("avx2", rates);
    for (const char* text : {"", "{", "[]", "{\"machine\": \"avx2\"}", "{\"machine\": \"avx2\", \"rates\": {\"fp32\": 1}}"}) {
        std::ofstream(only_file(), std::ios::trunc) << text;
        EXPECT_FALSE(read_rates("avx2")) << text;
    }
    keep_rates("avx2", rates);
    EXPECT_EQ(read_rates("avx2"), rates);
}

TEST_F(RatesFile, RatesThatNoMachineHasAreNotTaken) {
    for (const auto change :
         {+[](MachineRates& r) { r.bandwidth = 0; }, +[](MachineRates& r) { r.operator_s = -1; }, +[](MachineRates& r) { r.fp32 = 0; },
          +[](MachineRates& r) { r.bf16 = std::numeric_limits<double>::infinity(); },
          +[](MachineRates& r) { r.fp64 = std::numeric_limits<double>::quiet_NaN(); }}) {
        auto wrong = rates;
        change(wrong);
        keep_rates("avx2", wrong);
        EXPECT_FALSE(read_rates("avx2"));
    }
}

TEST_F(RatesFile, AFileOfAnotherClassUnderItsNameIsNotTaken) {
    keep_rates("avx2", rates);
    auto text = std::ostringstream();
    text << std::ifstream(only_file()).rdbuf();
    auto changed = text.str();
    changed.replace(changed.find("avx2"), 4, "avx9");
    std::ofstream(only_file(), std::ios::trunc) << changed;
    EXPECT_FALSE(read_rates("avx2"));
}

TEST_F(RatesFile, AFolderThatCannotBeWrittenIsNoError) {
    const auto file = folder_.write("in the way", "");
    const test::ScopedVariable cache("XDG_CACHE_HOME", file.c_str());
    keep_rates("avx2", rates);
    EXPECT_FALSE(read_rates("avx2"));
}

TEST_F(RatesFile, WithoutAnyHomeNothingIsKept) {
    const test::ScopedVariable cache("XDG_CACHE_HOME", nullptr), home("HOME", nullptr);
    keep_rates("avx2", rates);
    EXPECT_FALSE(read_rates("avx2"));
}

}  // namespace
}  // namespace layersweep
