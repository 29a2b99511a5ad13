// What dies, hangs, breaks or is taken over while the coordinator works.
#include "orchestrator/coordinator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/orchestrator/coordinator_world.hpp"
#include "tests/support/refusal.hpp"

namespace layersweep {
namespace {

using test::CoordinatorWorld;
using test::is;
using test::letter;
using test::sample_grid;
using test::sample_trial;
using testing::ElementsAre;
using testing::HasSubstr;
using to_worker::Abandon;
using to_worker::Assign;

TEST(CoordinatorFaults, LostWorkersTrialGoesToAnother) {
    CoordinatorWorld world(sample_grid("a"), 2);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        if (worker.rank != 1 || !is<Assign>(message)) return false;
        world.transport.lose(1, "killed by signal 9");
        world.hello(2);
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    const Attempt first = world.transport.expect<Assign>(1).attempt;
    const Attempt second = world.transport.expect<Assign>(2).attempt;
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(second, (Attempt{first.key, 1, 2}));
    EXPECT_THAT(world.recorded<event::WorkerLost>(), ElementsAre(testing::Field(&event::WorkerLost::why, "killed by signal 9")));
    EXPECT_EQ(world.recorded<event::Failed>().at(0).failure.reason, FailureReason::worker_lost);
    EXPECT_THAT(world.progress.told, ElementsAre("failed a", "finished a"));
}

TEST(CoordinatorFaults, ALostWorkersLastWordsAreDropped) {
    CoordinatorWorld world(sample_grid("a"), 2);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (worker.rank != 1 || assign == nullptr) return false;
        world.transport.lose(1, "silent");
        world.transport.lose(1, "silent, said again");
        world.transport.say(1, to_coordinator::Finished{assign->attempt, CoordinatorWorld::result(), ""});
        world.hello(2);
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Finished>().at(0).attempt.number, 2U);
    EXPECT_EQ(world.recorded<event::WorkerLost>().size(), 1U);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, SurvivorsOfAGangAreAbandonedAndUsedAgainOnlyAfterTheirAnswer) {
    Grid grid = sample_grid("a", 2);
    grid.trials.push_back(sample_trial('b'));
    CoordinatorWorld world(grid, 2);
    Attempt lost_attempt;
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr || letter(assign->attempt) != 'a') return is<Abandon>(message);
        lost_attempt = assign->attempt;
        if (worker.rank == 2) world.transport.lose(2, "killed");
        return true;
    });
    bool answered = false;
    world.transport.when_quiet([&] {
        if (lost_attempt.number == 0 || answered) return;
        EXPECT_EQ(world.transport.take_all<Assign>().size(), 2U) << "worker 1 has not answered, so it is given nothing else";
        world.transport.say(1, to_coordinator::Abandoned{lost_attempt, ""});
        answered = true;
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::trials_set_aside) << "a has no room any more";
    EXPECT_TRUE(answered);
    EXPECT_EQ(world.transport.expect<Abandon>(1).attempt, lost_attempt);
    EXPECT_EQ(letter(world.transport.expect<Assign>(1).attempt), 'b');
}

TEST(CoordinatorFaults, ADiskThatTakesNothingForTooLongEndsTheLifeAndNothingIsShown) {
    CoordinatorWorld world(sample_grid("ab"), 1);
    world.obedient_workers();
    world.hello(1);
    world.disk.sync_error = EIO;
    EXPECT_THAT(test::refusal<MachineError>([&] { (void)world.run({.storage_patience = std::chrono::seconds(60)}); }),
                HasSubstr("what is recorded"));
    EXPECT_GE(world.clock.now(), std::chrono::seconds(60));
    EXPECT_TRUE(world.progress.told.empty()) << "a result that may be lost is not shown";
    EXPECT_TRUE(world.files.checkpoints_removed.empty());
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, ASweepGoesOnWhenTheDiskHasRoomAgainAndNothingIsLost) {
    CoordinatorWorld world(sample_grid("abc"), 1);
    world.obedient_workers([&world](WorkerId, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message); assign != nullptr && letter(assign->attempt) == 'b') world.disk.room = 100;
        return false;
    });
    world.transport.when_quiet([&world] {
        if (world.clock.now() > std::chrono::seconds(30)) world.disk.room = 1 << 20;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_GE(world.clock.now(), std::chrono::seconds(30));
    EXPECT_EQ(world.recorded<event::Finished>().size(), 3U);
    EXPECT_EQ(world.recorded<event::LifeBegan>().back().continued, true);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 3U) << "no trial ran twice";
    EXPECT_THAT(world.progress.notices, testing::Contains(HasSubstr("results wait in memory")));
    EXPECT_THAT(world.progress.notices, testing::Contains(HasSubstr("the sweep goes on")));
}

TEST(CoordinatorFaults, AResultWhosePredictionsFindNoRoomWaits) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers();
    world.files.disk_is_full = true;
    world.transport.when_quiet([&world] { world.files.disk_is_full = world.clock.now() < std::chrono::seconds(20); });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Finished>().size(), 1U);
    EXPECT_EQ(world.recorded<event::LifeBegan>().size(), 1U) << "the ledger itself was never broken";
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 1U);
}

TEST(CoordinatorFaults, AStopWhileTheDiskIsBrokenEndsSoon) {
    CoordinatorWorld world(sample_grid("ab"), 1);
    world.obedient_workers([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) world.disk.sync_error = EIO;
        return false;
    });
    world.transport.when_quiet([&world] {
        if (world.clock.now() > std::chrono::seconds(20)) world.stop.why = "SIGTERM";
    });
    world.hello(1);
    EXPECT_THROW((void)world.run(), MachineError);
    EXPECT_LT(world.clock.now(), std::chrono::seconds(30));
    EXPECT_TRUE(world.progress.told.empty());
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, AStopThatFindsTheDiskMendedIsRecorded) {
    CoordinatorWorld world(sample_grid("abc"), 1);
    world.obedient_workers([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) world.disk.sync_error = EIO;
        return false;
    });
    world.transport.when_quiet([&world] {
        if (world.clock.now() < std::chrono::seconds(20)) return;
        world.stop.why = "SIGTERM";
        world.disk.sync_error = 0;
    });
    world.hello(1);
    EXPECT_EQ(world.run({.storage_retry = std::chrono::seconds(100)}), ExitCode::stopped_early);
    EXPECT_EQ(world.recorded<event::Finished>().size(), 2U) << "the second came while the first could not be synced";
    EXPECT_EQ(world.recorded<event::Stopped>().size(), 1U);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, ADiskThatBreaksDuringAStopIsWaitedForAsLongAsTheStopMayTake) {
    CoordinatorWorld world(sample_grid("ab"), 1);
    std::optional<Assign> running;
    world.transport.react([&](WorkerId worker, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message)) running = *assign;
        if (!is<to_worker::Abandon>(message)) return;
        world.disk.sync_error = EIO;
        world.do_trial(worker, *running);
    });
    world.transport.when_quiet([&world] {
        if (world.clock.now() > std::chrono::seconds(10)) world.stop.why = "SIGTERM";
        if (world.clock.now() > std::chrono::seconds(30)) world.disk.sync_error = 0;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::stopped_early);
    EXPECT_EQ(world.recorded<event::Finished>().size(), 1U);
    EXPECT_EQ(world.recorded<event::Stopped>().size(), 1U);
    world.transport.take_all<Assign>();
    world.transport.take_all<Abandon>();
}

TEST(CoordinatorFaults, AnErrorThatIsNotTheDisksIsRecordedAsTheEndOfTheLife) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) throw MachineError("MPI broke");
    });
    world.hello(1);
    EXPECT_THROW((void)world.run(), MachineError);
    ASSERT_EQ(world.recorded<event::Stopped>().size(), 1U);
    EXPECT_EQ(world.recorded<event::Stopped>()[0].cause, StopCause::machine);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, AFencedCoordinatorWritesNoPredictionsAndShowsNothingMore) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) (void)begin_life(world.disk, {}, 0, [](const Event&) {});
        return false;
    });
    world.hello(1);
    EXPECT_THROW((void)world.run(), Fenced);
    EXPECT_TRUE(world.files.written.empty());
    EXPECT_TRUE(world.progress.told.empty());
    EXPECT_TRUE(world.recorded<event::Finished>().empty());
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, ASilentWorkerIsFencedAndEndedAndItsTrialRunsElsewhere) {
    CoordinatorWorld world(sample_grid("a"), 2);
    Attempt first;
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (worker.rank != 1 || assign == nullptr) return false;
        first = assign->attempt;
        return true;
    });
    world.transport.when_quiet([&world] {
        if (world.clock.now() < std::chrono::seconds(5)) return;
        world.hello(2);
        world.transport.say(2, to_coordinator::Alive{});
    });
    world.hello(1);
    EXPECT_EQ(world.run({.vigil = {.silence = std::chrono::seconds(60)}}), ExitCode::done);
    EXPECT_GE(world.clock.now(), std::chrono::seconds(60));
    EXPECT_THAT(world.reaper.ended, ElementsAre(WorkerId{1}));
    EXPECT_THAT(world.recorded<event::WorkerLost>().at(0).why, HasSubstr("silent"));
    EXPECT_EQ(world.recorded<event::Finished>().at(0).attempt.number, 2U);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, AWorkerThatSpeaksAndGetsNowhereIsStuck) {
    CoordinatorWorld world(sample_grid("a"), 2);
    world.obedient_workers([](WorkerId worker, const ToWorker& message) { return worker.rank == 1 && is<Assign>(message); });
    world.transport.when_quiet([&world] {
        world.transport.say(1, to_coordinator::Alive{17});
        if (world.clock.now() > std::chrono::seconds(5)) world.hello(2);
        world.transport.say(2, to_coordinator::Alive{});
    });
    world.hello(1);
    EXPECT_EQ(world.run({.vigil = {.stuck = std::chrono::seconds(100)}}), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Failed>().at(0).failure.reason, FailureReason::stuck);
    EXPECT_THAT(world.reaper.ended, ElementsAre(WorkerId{1}));
    EXPECT_GT(world.transport.alive_sent, 10) << "workers hear from the coordinator too";
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, AWorkerWhoseSurroundingsFailTwoTrialsIsQuarantinedAndNamed) {
    CoordinatorWorld world(sample_grid("abcd"), 2);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (worker.rank != 1 || assign == nullptr) return false;
        world.fail_by_surroundings(1, assign->attempt);
        return true;
    });
    world.hello(1, "bad-node");
    world.hello(2, "good-node");
    EXPECT_EQ(world.run(), ExitCode::done) << "no trial pays for its worker";
    EXPECT_EQ(world.recorded<event::Quarantined>().size(), 1U);
    EXPECT_EQ(world.recorded<event::Quarantined>().at(0).worker, WorkerId{1});
    EXPECT_THAT(world.progress.notices, testing::Contains(HasSubstr("worker 1 on bad-node is given no more work")));
    EXPECT_EQ(world.recorded<event::Failed>().size(), 2U);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, TheLastWorkerIsNeverQuarantined) {
    CoordinatorWorld world(sample_grid("abc"), 1);
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr || assign->attempt.number > 2) return false;
        world.fail_by_surroundings(worker.rank, assign->attempt);
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run({.max_attempts = 9}), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Failed>().size(), 6U) << "three trials, twice each";
    EXPECT_TRUE(world.recorded<event::Quarantined>().empty());
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, WhatATrialDoesToItselfIsNotCountedAgainstItsWorker) {
    CoordinatorWorld world(sample_grid("abcd"), 2);
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (worker.rank != 1 || assign == nullptr || assign->attempt.number > 1) return false;
        world.fail(1, assign->attempt, letter(assign->attempt) == 'a' ? FailureReason::internal : FailureReason::bad_data, "x");
        return true;
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_GE(world.recorded<event::Failed>().size(), 2U);
    EXPECT_TRUE(world.recorded<event::Quarantined>().empty());
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, AQuarantinedWorkerWorksAgainWhenTheOthersAreLost) {
    CoordinatorWorld world(sample_grid("abcd"), 2);
    int healthy = 0;
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return false;
        if (worker.rank == 2 && ++healthy == 3) world.transport.lose(2, "killed");
        if (worker.rank == 2 || world.recorded<event::WorkerLost>().size() == 1) return worker.rank == 2 && healthy == 3;
        world.fail_by_surroundings(1, assign->attempt);
        return true;
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Quarantined>().size(), 1U);
    EXPECT_THAT(world.progress.notices, testing::Contains(HasSubstr("worker 1 works again")));
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, ATrialThatKillsItsWorkersRunsAloneAtTheEndAndIsThenSetAside) {
    CoordinatorWorld world(sample_grid("xab"), 5);
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr || letter(assign->attempt) != 'x') return false;
        if (assign->attempt.number == 4) {
            EXPECT_EQ(world.plan.counts().finished, 2U) << "everything else is done";
        }
        world.transport.lose(worker.rank, "killed");
        return true;
    });
    for (const int rank : {1, 2, 3, 4, 5}) world.hello(rank);
    EXPECT_EQ(world.run({.max_attempts = 3}), ExitCode::trials_set_aside);
    EXPECT_EQ(world.recorded<event::Failed>().size(), 4U);
    EXPECT_THAT(world.recorded<event::SetAside>().at(0).why, HasSubstr("while it ran alone"));
    EXPECT_EQ(world.plan.counts().finished, 2U);
    world.transport.take_all<Assign>();
}

TEST(CoordinatorFaults, WhatBreaksWhileStoppingIsNoFailureOfTheTrial) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId worker, const ToWorker& message) {
        if (is<Assign>(message)) world.stop.why = "SIGUSR1";
        const auto* abandon = std::get_if<Abandon>(&message);
        if (abandon != nullptr) world.fail(worker.rank, abandon->attempt, FailureReason::infrastructure, "a member is dead");
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::stopped_early);
    EXPECT_TRUE(world.recorded<event::Failed>().empty());
    EXPECT_EQ(world.recorded<event::Abandoned>().size(), 1U);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 1U);
    EXPECT_EQ(world.transport.take_all<Abandon>().size(), 1U);
}

TEST(CoordinatorFaults, AWorkerKilledWhileStoppingIsNoFailureOfItsTrial) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) world.stop.why = "SIGUSR1";
        if (is<Abandon>(message)) world.transport.lose(1, "killed by signal 15");
    });
    world.hello(1);
    EXPECT_EQ(world.run({.max_attempts = 1}), ExitCode::stopped_early);
    EXPECT_TRUE(world.recorded<event::Failed>().empty());
    EXPECT_EQ(world.plan.counts().waiting, 1U);
    world.transport.take_all<Assign>();
    world.transport.expect<Abandon>(1);
}

TEST(CoordinatorFaults, AWorkerThatGivesUpUnaskedCannotGoOnForEver) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId worker, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message))
            world.transport.say(worker.rank, to_coordinator::Abandoned{assign->attempt, ""});
    });
    world.hello(1);
    EXPECT_EQ(world.run({.max_attempts = 2}), ExitCode::trials_set_aside);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 2U);
}

}  // namespace
}  // namespace layersweep
