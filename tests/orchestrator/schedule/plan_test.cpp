#include "orchestrator/schedule/plan.hpp"

#include <gtest/gtest.h>

#include "orchestrator/schedule/exit_code.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using test::sample_grid;
using test::sample_result;
using test::sample_trial;

/// A plan of trials a, b, c in its first life.
struct PlanTest : testing::Test {
    Plan plan{sample_grid("abc").trials};
    PlanTest() { plan.apply(event::LifeBegan{1}); }

    Attempt start(std::size_t trial) {
        const Attempt attempt = plan.next_attempt(trial);
        plan.apply(event::Assigned{attempt, {{1}}, 5});
        return attempt;
    }
    template <class State>
    bool is(std::size_t trial) const {
        return plan.status(trial).as<State>() != nullptr;
    }
};

TEST_F(PlanTest, BeginsWithEverythingWaiting) {
    EXPECT_EQ(plan.counts(), (PlanCounts{.waiting = 3}));
    EXPECT_FALSE(plan.is_complete());
    EXPECT_EQ(plan.next_attempt(1), (Attempt{sample_trial('b').key, 1, 1}));
}

TEST_F(PlanTest, AnAttemptRunsAndFinishes) {
    const Attempt attempt = start(0);
    EXPECT_EQ(plan.running(attempt), 0U);
    EXPECT_EQ(plan.status(0).as<trial_state::Running>()->since_ms, 5);
    plan.apply(event::Finished{attempt, sample_result(0.75), {{"n1"}}, 2});
    const auto* finished = plan.status(0).as<trial_state::Finished>();
    ASSERT_NE(finished, nullptr);
    EXPECT_EQ(finished->result.accuracy, 0.75);
    EXPECT_EQ(finished->workers.front().host, "n1");
    EXPECT_EQ(finished->threads_per_worker, 2);
    EXPECT_EQ(plan.counts(), (PlanCounts{.waiting = 2, .finished = 1}));
}

TEST_F(PlanTest, StaleFinishedIsDropped) {
    const Attempt old = start(0);
    plan.apply(event::Failed{old, {FailureReason::worker_lost, ""}});
    plan.apply(event::Finished{old, sample_result(0.1)});
    EXPECT_TRUE(plan.status(0).is_waiting());
    const Attempt current = start(0);
    EXPECT_EQ(current.number, 2U);
    plan.apply(event::Finished{old, sample_result(0.1)});
    EXPECT_EQ(plan.running(current), 0U);
    EXPECT_EQ(plan.running(old), std::nullopt);
}

TEST_F(PlanTest, WhatIsPutBackBeginsWithACleanSheet) {
    for (int failure = 0; failure < 3; ++failure) plan.apply(event::Failed{start(0), {FailureReason::internal, "x"}});
    const TrialKey key = sample_trial('a').key;
    plan.apply(event::PutBack{key});
    EXPECT_EQ(plan.status(0).failed.size(), 3U) << "it was not set aside yet";
    plan.apply(event::SetAside{key, "three failures"});
    plan.apply(event::PutBack{key});
    EXPECT_TRUE(plan.status(0).is_waiting());
    EXPECT_TRUE(plan.status(0).failed.empty());
    EXPECT_FALSE(plan.status(0).last_failure);
    EXPECT_EQ(plan.next_attempt(0).number, 4U) << "attempts are counted on";
}

TEST_F(PlanTest, AContinuedSegmentIsNoNewLife) {
    const Attempt attempt = start(0);
    plan.apply(event::LifeBegan{2, true});
    EXPECT_EQ(plan.running(attempt), 0U);
    EXPECT_EQ(plan.process_life(), 1U);
    EXPECT_EQ(plan.next_attempt(1).life, 2U);
}

TEST_F(PlanTest, AResultStaysWhateverComesLater) {
    const Attempt attempt = start(0);
    plan.apply(event::Finished{attempt, sample_result(0.75)});
    plan.apply(event::Finished{attempt, sample_result(0.25)});
    plan.apply(event::Failed{attempt, {}});
    plan.apply(event::Abandoned{attempt});
    plan.apply(event::SetAside{attempt.key, "no"});
    const Attempt next{attempt.key, 1, 2};
    plan.apply(event::Assigned{next, {{2}}});
    plan.apply(event::LifeBegan{2});
    ASSERT_TRUE(is<trial_state::Finished>(0));
    EXPECT_EQ(plan.status(0).as<trial_state::Finished>()->result.accuracy, 0.75);
    EXPECT_EQ(plan.counts().failures, 0U);
}

TEST_F(PlanTest, WhatAnOlderLifeLeftRunningWaitsAgain) {
    const Attempt old = start(0);
    plan.apply(event::LifeBegan{2});
    EXPECT_TRUE(plan.status(0).is_waiting());
    EXPECT_EQ(plan.status(0).failed.size(), 0U) << "the end of a life is no failure of the trial";
    EXPECT_EQ(plan.next_attempt(0), (Attempt{old.key, 2, 2}));
    plan.apply(event::Finished{old, sample_result(0.5)});
    EXPECT_TRUE(plan.status(0).is_waiting());
}

TEST_F(PlanTest, FailuresAreCountedAbandonedAttemptsAreNot) {
    plan.apply(event::Abandoned{start(0)});
    plan.apply(event::Failed{start(0), {FailureReason::infrastructure, "x"}});
    EXPECT_EQ(plan.status(0).attempts, 2U);
    EXPECT_EQ(plan.status(0).failed.size(), 1U);
    EXPECT_EQ(plan.status(0).last_failure->detail, "x");
    EXPECT_EQ(plan.counts(), (PlanCounts{.waiting = 3, .failures = 1}));
}

TEST_F(PlanTest, WhatHadNoRoomIsTriedAgainInTheNextLifeWhatFailedIsNot) {
    plan.apply(event::SetAside{sample_trial('a').key, "too wide", SetAsideCause::no_room});
    plan.apply(event::SetAside{sample_trial('b').key, "not a number", SetAsideCause::failures});
    EXPECT_EQ(plan.counts().set_aside, 2U);
    plan.apply(event::LifeBegan{2});
    EXPECT_TRUE(plan.status(0).is_waiting());
    EXPECT_TRUE(is<trial_state::SetAside>(1));
    EXPECT_EQ(plan.counts(), (PlanCounts{.waiting = 2, .set_aside = 1}));
}

TEST_F(PlanTest, TrialsOfAnotherGridAreIgnored) {
    const TrialKey stranger = sample_trial('z').key;
    const Attempt attempt{stranger, 1, 1};
    plan.apply(event::Assigned{attempt, {{1}}});
    plan.apply(event::Finished{attempt, sample_result(1)});
    plan.apply(event::SetAside{stranger, "x"});
    EXPECT_EQ(plan.counts(), (PlanCounts{.waiting = 3}));
}

TEST_F(PlanTest, ExitCodeSaysHowItEnded) {
    EXPECT_EQ(exit_code(plan), ExitCode::stopped_early);
    plan.apply(event::Stopped{"x", StopCause::no_workers});
    EXPECT_EQ(exit_code(plan), ExitCode::machine_failed);
    plan.apply(event::LifeBegan{2});
    plan.apply(event::Stopped{"x", StopCause::machine});
    EXPECT_EQ(exit_code(plan), ExitCode::machine_failed);
    plan.apply(event::Stopped{"x", StopCause::asked});
    EXPECT_EQ(exit_code(plan), ExitCode::stopped_early);
    for (const std::size_t trial : {0U, 1U}) plan.apply(event::Finished{start(trial), sample_result(1)});
    Plan all_finished = plan;
    plan.apply(event::SetAside{sample_trial('c').key, "x"});
    EXPECT_EQ(exit_code(plan), ExitCode::trials_set_aside);
    const Attempt last = all_finished.next_attempt(2);
    all_finished.apply(event::Assigned{last, {{1}}});
    all_finished.apply(event::Finished{last, sample_result(1)});
    EXPECT_EQ(exit_code(all_finished), ExitCode::done);
}

}  // namespace
}  // namespace layersweep
