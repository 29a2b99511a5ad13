#include "orchestrator/schedule/retry_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace layersweep {
namespace {

TrialStatus failed_on(const std::vector<FailedAttempt>& attempts) {
    return {.attempts = std::uint32_t(attempts.size()), .failed = attempts, .last_failure = TrialFailure{attempts.back().reason, "detail"}};
}
/// Each time with another worker.
TrialStatus failed(int failures, FailureReason reason) {
    std::vector<FailedAttempt> attempts;
    for (int i = 1; i <= failures; ++i) attempts.push_back({reason, 1, {{i}}});
    return failed_on(attempts);
}
constexpr auto lost = FailureReason::worker_lost;

TEST(RetryRule, WhatTheTrialItselfIsToBlameForIsNotRepeated) {
    for (const FailureReason reason : {FailureReason::not_a_number, FailureReason::out_of_memory}) {
        const auto why = reason_to_set_aside(failed(1, reason), 3);
        ASSERT_TRUE(why) << name_of(reason);
        EXPECT_THAT(*why, testing::HasSubstr("detail"));
    }
}

TEST(RetryRule, WhatTheMachineIsToBlameForIsTriedAgainUpToTheLimit) {
    for (const FailureReason reason : {FailureReason::infrastructure, FailureReason::internal, FailureReason::bad_data}) {
        EXPECT_FALSE(reason_to_set_aside(failed(1, reason), 3)) << name_of(reason);
        EXPECT_FALSE(reason_to_set_aside(failed(2, reason), 3)) << name_of(reason);
        EXPECT_TRUE(reason_to_set_aside(failed(3, reason), 3)) << name_of(reason);
    }
}

TEST(RetryRule, ATrialLostWithDisjointWorkersIsSuspectedAndGetsOneMoreAttempt) {
    for (const FailureReason reason : {lost, FailureReason::stuck}) {
        EXPECT_FALSE(is_suspected(failed(2, reason), 3));
        EXPECT_TRUE(is_suspected(failed(3, reason), 3));
        EXPECT_FALSE(reason_to_set_aside(failed(3, reason), 3));
        const auto why = reason_to_set_aside(failed(4, reason), 3);
        ASSERT_TRUE(why);
        EXPECT_THAT(*why, testing::HasSubstr("lost 4 times"));
    }
}

TEST(RetryRule, ABrokenMemberOfEveryGangCastsNoSuspicionOnTheTrial) {
    const auto status = failed_on({{lost, 1, {{1}, {2}}}, {lost, 1, {{1}, {3}}}, {lost, 1, {{1}, {4}}}, {lost, 1, {{1}, {5}}}});
    EXPECT_FALSE(is_suspected(status, 3));
    EXPECT_FALSE(reason_to_set_aside(status, 3));
}

TEST(RetryRule, WhateverFailsTheSoloAttemptOfASuspectEndsIt) {
    auto attempts = failed(3, lost).failed;
    attempts.push_back({FailureReason::infrastructure, 1, {{4}}});
    const auto why = reason_to_set_aside(failed_on(attempts), 3);
    ASSERT_TRUE(why);
    EXPECT_THAT(*why, testing::HasSubstr("while it ran alone"));
}

TEST(RetryRule, TheSameRankOfAnotherLifeIsAnotherWorker) {
    EXPECT_TRUE(is_suspected(failed_on({{lost, 1, {{1}}}, {lost, 2, {{1}}}, {lost, 3, {{1}}}}), 3));
}

TEST(RetryRule, LossesAndOtherFailuresAreCountedApart) {
    const auto status =
        failed_on({{lost, 1, {{1}}}, {FailureReason::internal, 1, {{2}}}, {lost, 1, {{3}}}, {FailureReason::internal, 1, {{4}}}});
    EXPECT_FALSE(reason_to_set_aside(status, 3));
}

TEST(RetryRule, OnlyWaitingTrialsThatFailedAreJudged) {
    EXPECT_FALSE(reason_to_set_aside({}, 1));
    TrialStatus running = failed(3, FailureReason::not_a_number);
    running.state = trial_state::Running{};
    EXPECT_FALSE(reason_to_set_aside(running, 1));
}

}  // namespace
}  // namespace layersweep
