#include "orchestrator/schedule/retry_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace layersweep {
namespace {

TrialStatus failed(std::uint32_t failures, FailureReason reason) {
    return {.attempts = failures, .failures = failures, .last_failure = TrialFailure{reason, "detail"}};
}

TEST(RetryRule, WhatTheTrialItselfIsToBlameForIsNotRepeated) {
    for (const FailureReason reason : {FailureReason::not_a_number, FailureReason::out_of_memory}) {
        const auto why = reason_to_set_aside(failed(1, reason), 3);
        ASSERT_TRUE(why) << name_of(reason);
        EXPECT_THAT(*why, testing::HasSubstr("detail"));
    }
}

TEST(RetryRule, WhatTheMachineIsToBlameForIsTriedAgainUpToTheLimit) {
    for (const FailureReason reason :
         {FailureReason::worker_lost, FailureReason::infrastructure, FailureReason::internal, FailureReason::bad_data}) {
        EXPECT_FALSE(reason_to_set_aside(failed(1, reason), 3)) << name_of(reason);
        EXPECT_FALSE(reason_to_set_aside(failed(2, reason), 3)) << name_of(reason);
        EXPECT_TRUE(reason_to_set_aside(failed(3, reason), 3)) << name_of(reason);
    }
}

TEST(RetryRule, OnlyWaitingTrialsThatFailedAreJudged) {
    EXPECT_FALSE(reason_to_set_aside({}, 1));
    TrialStatus running = failed(3, FailureReason::not_a_number);
    running.state = trial_state::Running{};
    EXPECT_FALSE(reason_to_set_aside(running, 1));
}

}  // namespace
}  // namespace layersweep
