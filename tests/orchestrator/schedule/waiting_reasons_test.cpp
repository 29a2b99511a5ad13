#include "orchestrator/schedule/waiting_reasons.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using testing::Contains;
using testing::ElementsAre;

/// Trials a, b, c of which the first takes longest, in their first life.
struct WaitingReasons : testing::Test {
    Grid grid = test::sample_grid("abc");
    Plan plan{grid.trials};
    Scheduler scheduler{grid.trials, {3, 2, 1}, std::nullopt, /*max_attempts=*/2};

    WaitingReasons() { plan.apply(event::LifeBegan{1}); }

    void fail(std::size_t trial, int worker, FailureReason reason) {
        const Attempt attempt = plan.next_attempt(trial);
        plan.apply(event::Assigned{attempt, {{worker}}});
        plan.apply(event::Failed{attempt, {reason, "it broke"}});
    }
    [[nodiscard]] std::vector<std::string> reasons(std::size_t trial, bool somebody_runs_it = true) const {
        return waiting_reasons(plan, scheduler, trial, {somebody_runs_it, scheduler.waiting_before(plan, trial)});
    }
};

TEST_F(WaitingReasons, ItsTurnComesAfterLongerTrials) {
    EXPECT_THAT(reasons(0), ElementsAre("it is the next in line"));
    EXPECT_THAT(reasons(1), ElementsAre("its turn comes after 1 other trial that waits: the longest first"));
    EXPECT_THAT(reasons(2), ElementsAre("its turn comes after 2 others that wait: the longest first"));
    plan.apply(event::Assigned{plan.next_attempt(0), {{1}}});
    EXPECT_THAT(reasons(1), ElementsAre("it is the next in line"));
}

TEST_F(WaitingReasons, NobodyRunsTheSweep) {
    EXPECT_THAT(reasons(0, false),
                ElementsAre("nobody runs the sweep: the same `layersweep run` command goes on", "it is the next in line"));
}

TEST_F(WaitingReasons, AnOrderThatIsNotKnownIsNotTold) {
    EXPECT_THAT(waiting_reasons(plan, scheduler, 2, {.somebody_runs_it = true}), ElementsAre());
}

TEST_F(WaitingReasons, ItFailedBefore) {
    fail(0, 1, FailureReason::internal);
    EXPECT_THAT(reasons(0), ElementsAre("it is the next in line", "it is to be tried again; its last failure: internal: it broke"));
}

TEST_F(WaitingReasons, ASuspectedTrialWaitsForAllOthersAndThenHoldsThem) {
    fail(0, 1, FailureReason::worker_lost);
    fail(0, 2, FailureReason::worker_lost);
    EXPECT_THAT(reasons(0), Contains("it is suspected of killing its workers: it runs alone, when nothing else is left"));
    EXPECT_THAT(reasons(0), Contains("its turn comes after 2 others that wait: the longest first"));
    EXPECT_THAT(reasons(1), ElementsAre("it is the next in line"));
    plan.apply(event::Assigned{plan.next_attempt(0), {{3}}});
    EXPECT_THAT(reasons(1), Contains("a trial that is suspected of killing its workers runs alone now"));
}

TEST_F(WaitingReasons, AGangNeedsManyWorkersAtOnce) {
    const Grid wide = test::sample_grid("a", 4);
    const Plan waiting(wide.trials);
    EXPECT_THAT(waiting_reasons(waiting, Scheduler(wide.trials, {1}), 0, {true, 0}),
                ElementsAre("it is the next in line", "its gang of 4 needs as many idle workers at the same time"));
}

}  // namespace
}  // namespace layersweep
