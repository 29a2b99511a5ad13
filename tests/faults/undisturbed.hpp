#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/faults/fault_sweep.hpp"

namespace layersweep::test {

constexpr std::chrono::seconds longest_run{120};
constexpr std::chrono::seconds prompt_end{20};

inline std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

/// What the sweep gives when nothing happens to it: everything else is measured by that.
class FaultTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!csv_.empty()) return;
        const TemporaryDirectory scratch;
        const FaultSweep sweep(scratch.path(), "undisturbed");
        const auto ended = sweep.start().wait_for(longest_run);
        ASSERT_TRUE(ended && ended->exit_code == 3) << (ended ? ended->output : "it hangs");
        whole_ = sweep.account();
        csv_ = sweep.csv();
        ASSERT_EQ(whole_.results.size(), 7u);
        ASSERT_EQ(whole_.set_aside.size(), 1u);
        ASSERT_NE(whole_.set_aside.begin()->second.why.find("not-a-number"), std::string::npos);
    }

    /// The same command again and again until every trial is done.
    static void bring_to_the_end(const FaultSweep& sweep) {
        constexpr int runs = 5;
        for (int run = 0; run < runs && !sweep.account().is_as_complete_as(whole_); ++run) {
            const auto ended = sweep.start().wait_for(longest_run);
            ASSERT_TRUE(ended.has_value()) << "it hangs; so far:\n" << read_text(sweep.log());
        }
    }
    /// Each trial has one result, or is set aside for its own reason, and the table is the same bytes.
    static void expect_whole(const FaultSweep& sweep) {
        const auto account = sweep.account();
        EXPECT_EQ(account.results.size(), whole_.results.size());
        for (const auto& [key, attempts] : account.results) EXPECT_EQ(attempts.size(), 1u) << key;
        EXPECT_EQ(account.set_aside, whole_.set_aside);
        EXPECT_EQ(sweep.csv(), csv_);
    }

    static inline Account whole_;
    static inline std::string csv_;
    TemporaryDirectory scratch_;
};

}  // namespace layersweep::test
