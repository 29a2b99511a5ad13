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

TEST(Coordinator, ASweepRunsToItsEnd) {
    CoordinatorWorld world(sample_grid("abcde"), 2);
    world.obedient_workers();
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 5U);
    EXPECT_EQ(world.recorded<event::Finished>().size(), 5U);
    EXPECT_EQ(world.recorded<event::Completed>().size(), 1U);
    EXPECT_EQ(world.progress.last.done, 5);
}

TEST(Coordinator, TheFirstWorkerStartsWithoutWaitingForTheOthers) {
    CoordinatorWorld world(sample_grid("ab"), 2);
    world.obedient_workers();
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    world.transport.expect<Assign>(2);
    world.transport.expect<Assign>(2);
}

TEST(Coordinator, TellsWorkersWhatTheyWillProbablyTrainNext) {
    CoordinatorWorld world(sample_grid("abcd"), 2);
    std::string guesses;
    world.obedient_workers([&guesses](WorkerId, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign != nullptr) guesses += {letter(assign->attempt), assign->likely_next ? assign->likely_next->key.hex.back() : '-', ' '};
        return false;
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(guesses, "ac bd c- d- ") << "who began first ends first and takes the first in line";
    world.transport.take_all<Assign>();
}

TEST(Coordinator, RecordsBeforeItSends) {
    CoordinatorWorld world(sample_grid("ab"), 1);
    world.obedient_workers([&world](WorkerId, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message)) {
            const auto recorded = world.recorded<event::Assigned>();
            EXPECT_FALSE(recorded.empty());
            EXPECT_EQ(recorded.back().attempt, assign->attempt);
        }
        return false;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    world.transport.take_all<Assign>();
}

TEST(Coordinator, PredictionsAreSafeBeforeTheResultIsRecorded) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers();
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    ASSERT_EQ(world.files.written.size(), 1U);
    const auto& written = world.files.written.front();
    EXPECT_EQ(written.rows, 1U);
    EXPECT_EQ(world.disk.content().substr(0, written.ledger_bytes).find("finished"), std::string::npos);
    EXPECT_TRUE(world.recorded<event::Finished>().front().result.predictions.empty());
    world.transport.take_all<Assign>();
}

TEST(Coordinator, TheResultSaysWhoMadeIt) {
    CoordinatorWorld world(sample_grid("a", 2), 2);
    world.grid.trials[0].resources.threads_per_worker = 3;
    world.obedient_workers();
    world.hello(2, "n1");
    world.hello(1, "n1");
    EXPECT_EQ(world.run(), ExitCode::done);
    const auto finished = world.recorded<event::Finished>().at(0);
    ASSERT_EQ(finished.workers.size(), 2U);
    EXPECT_EQ(finished.workers[0].pid, 1);
    EXPECT_EQ(finished.workers[1].pid, 2);
    EXPECT_EQ(finished.threads_per_worker, 3);
    world.transport.take_all<Assign>();
}

TEST(Coordinator, WhatMachinesCanDoAndHowLongTrialsTakeIsForeseenAndRecorded) {
    CoordinatorWorld world(sample_grid("abc"), 2);
    TrialSize size{.decoder = test::sample_decoder(64, 100, 64)};
    for (int row = 0; row < 100; ++row) size.task.training.add(20);
    CostModel costs(world.grid.trials, {3, size});
    world.costs = &costs;
    for (auto& trial : world.grid.trials) trial.shortcuts.vocabulary = true;
    const auto before = costs.predicted_s(0);
    auto slow = nominal_rates();
    slow.fp32 /= 10;
    for (const int rank : {1, 2}) world.transport.say(rank, to_coordinator::Hello{{"n1", rank, "cpu", "avx2"}, "", slow});
    world.obedient_workers([&](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return false;
        auto result = CoordinatorWorld::result();
        result.timings.total_s = 100;
        world.transport.say(worker.rank, to_coordinator::Finished{assign->attempt, result, ""});
        return true;
    });
    EXPECT_EQ(world.run(), ExitCode::done);
    const auto measured = world.recorded<event::Measured>();
    ASSERT_EQ(measured.size(), 1U) << "two workers of one class";
    EXPECT_EQ(measured[0].machine_class, "avx2");
    EXPECT_EQ(measured[0].rates, slow);
    const auto assigned = world.recorded<event::Assigned>();
    ASSERT_EQ(assigned.size(), 3U);
    EXPECT_GT(assigned[0].predicted_s, before);
    EXPECT_EQ(assigned[1].predicted_s, assigned[0].predicted_s) << "they began together";
    EXPECT_NEAR(assigned[2].predicted_s, 100, 1e-9) << "it is like those that finished";
    EXPECT_EQ(world.plan.status(1).as<trial_state::Finished>()->predicted_s, assigned[1].predicted_s);
    EXPECT_EQ(world.plan.status(0).as<trial_state::Finished>()->shortcuts, "vocabulary");
    world.transport.take_all<Assign>();
}

TEST(Coordinator, WhatOlderLivesMeasuredCountsWhereTheMachineIsTheSame) {
    const Attempt done{sample_trial('a').key, 1, 1};
    auto result = test::sample_result(0.25);
    result.timings.total_s = 100;
    for (const std::string machine_class : {"avx2", "another"}) {
        CoordinatorWorld world(
            sample_grid("ab"), 1,
            {event::Assigned{done, {{1}}}, event::Finished{done, result, {WorkerFacts{.machine_class = machine_class}}}});
        CostModel costs(world.grid.trials, {2, TrialSize{.decoder = test::sample_decoder(64, 100, 64)}});
        world.costs = &costs;
        auto rates = nominal_rates();
        rates.fp32 /= 100;
        world.transport.say(1, to_coordinator::Hello{{"n1", 1, "cpu", "avx2"}, "", rates});
        world.obedient_workers();
        EXPECT_EQ(world.run(), ExitCode::done);
        const auto predicted_s = world.recorded<event::Assigned>().back().predicted_s;
        if (machine_class == "avx2")
            EXPECT_NEAR(predicted_s, 100, 1e-9);
        else
            EXPECT_LT(predicted_s, 1);
        world.transport.take_all<Assign>();
    }
}

TEST(Coordinator, ResultsThatComeTogetherShareOneSync) {
    CoordinatorWorld world(sample_grid("abcd"), 4);
    world.obedient_workers();
    for (const int rank : {1, 2, 3, 4}) world.hello(rank);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.disk.syncs, 1) << "four results, and that they are all";
    world.transport.take_all<Assign>();
}

TEST(Coordinator, ResumeRunsOnlyWhatIsMissing) {
    const Attempt done{sample_trial('a').key, 1, 1}, running{sample_trial('b').key, 1, 1};
    CoordinatorWorld world(
        sample_grid("abc"), 1,
        {event::Assigned{done, {{1}}}, event::Assigned{running, {{1}}}, event::Finished{done, test::sample_result(0.25), {WorkerFacts{}}}});
    world.obedient_workers();
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.transport.expect<Assign>(1).attempt, (Attempt{sample_trial('b').key, 2, 2})) << "was running when the life ended";
    EXPECT_EQ(world.transport.expect<Assign>(1).attempt, (Attempt{sample_trial('c').key, 2, 1}));
    EXPECT_EQ(world.plan.status(0).as<trial_state::Finished>()->result.accuracy, 0.25);
}

TEST(Coordinator, NothingToDoSendsNoWork) {
    CoordinatorWorld world(sample_grid(""), 2);
    EXPECT_EQ(world.run(), ExitCode::done);
}

TEST(Coordinator, AMembersFailureFailsTheGangAndFreesEveryoneByTheirOwnAnswer) {
    CoordinatorWorld world(sample_grid("a", 2), 2);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr || assign->attempt.number > 1) return false;
        if (worker.rank == 2) world.fail(2, assign->attempt, FailureReason::infrastructure, "a cable");
        return true;
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 4U);
    EXPECT_EQ(world.transport.expect<Abandon>(1).attempt.number, 1U);
    EXPECT_EQ(world.recorded<event::Failed>().size(), 1U);
}

TEST(Coordinator, StaleFinishedIsDropped) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return false;
        if (assign->attempt.number == 1) {
            world.fail(1, assign->attempt, FailureReason::internal, "x");
            return true;
        }
        // The old attempt's result frees nothing: the worker is busy with the second.
        Attempt old = assign->attempt;
        old.number = 1;
        world.transport.say(1, to_coordinator::Finished{old, test::sample_result(0.125), ""});
        old.life = 0;
        world.transport.say(1, to_coordinator::Finished{old, test::sample_result(0.125), ""});
        world.do_trial(worker, *assign);
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 2U);
    ASSERT_EQ(world.recorded<event::Finished>().size(), 1U);
    EXPECT_EQ(world.recorded<event::Finished>()[0].result.accuracy, 0.5);
    EXPECT_EQ(world.files.written.size(), 1U) << "stale predictions replace nothing";
}

TEST(Coordinator, OnlyTheLeadersResultCounts) {
    CoordinatorWorld world(sample_grid("a", 2), 2);
    // The member speaks first, and the leader only when it has.
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return false;
        if (worker != assign->gang.back()) return true;
        world.transport.say(worker.rank, to_coordinator::Finished{assign->attempt, test::sample_result(0.125), ""});
        world.do_trial(assign->gang.front(), *assign);
        return true;
    });
    world.hello(2);
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_EQ(world.recorded<event::Finished>().at(0).result.accuracy, 0.5);
    world.transport.take_all<Assign>();
}

TEST(Coordinator, AFailingTrialIsTriedAgainThenSetAsideAndTheSweepGoesOn) {
    CoordinatorWorld world(sample_grid("ab"), 1);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr || letter(assign->attempt) != 'a') return false;
        world.fail(worker.rank, assign->attempt, FailureReason::internal, "boom");
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run({.max_attempts = 3}), ExitCode::trials_set_aside);
    EXPECT_EQ(world.recorded<event::Failed>().size(), 3U);
    EXPECT_THAT(world.recorded<event::SetAside>().at(0).why, HasSubstr("boom"));
    EXPECT_THAT(world.progress.told, ElementsAre("failed a", "failed a", "failed a", "set aside a", "finished b"));
    world.transport.take_all<Assign>();
}

TEST(Coordinator, NotANumberIsNotRepeated) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message))
            world.fail(worker.rank, assign->attempt, FailureReason::not_a_number, "step 3");
        return true;
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::trials_set_aside);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 1U);
}

TEST(Coordinator, ACrashBetweenTheLastFailureAndSetAsideIsMadeGood) {
    const Attempt attempt{sample_trial('a').key, 1, 1};
    CoordinatorWorld world(sample_grid("a"), 1,
                           {event::Assigned{attempt, {{1}}}, event::Failed{attempt, {FailureReason::not_a_number, "step 3"}}});
    EXPECT_EQ(world.run(), ExitCode::trials_set_aside);
    EXPECT_EQ(world.recorded<event::SetAside>().size(), 1U);
}

TEST(Coordinator, AGangWiderThanTheLivingIsSetAsideWithTheReason) {
    Grid grid = sample_grid("a", 2);
    grid.trials.push_back(sample_trial('b'));
    CoordinatorWorld world(grid, 2);
    world.obedient_workers();
    world.transport.lose(2, "killed");
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::trials_set_aside);
    const auto set_aside = world.recorded<event::SetAside>();
    ASSERT_EQ(set_aside.size(), 1U);
    EXPECT_EQ(set_aside[0].cause, SetAsideCause::no_room);
    EXPECT_THAT(set_aside[0].why, HasSubstr("its gang of 2 is wider than the 1 workers"));
    EXPECT_EQ(letter(world.transport.expect<Assign>(1).attempt), 'b');
}

TEST(Coordinator, WithoutWorkersTheSweepEndsAndNothingIsSetAside) {
    CoordinatorWorld world(sample_grid("ab"), 2);
    world.transport.lose(1, "killed");
    world.transport.lose(2, "killed");
    EXPECT_EQ(world.run(), ExitCode::machine_failed);
    EXPECT_THAT(world.recorded<event::Stopped>(), ElementsAre(testing::Field(&event::Stopped::cause, StopCause::no_workers)));
    EXPECT_EQ(world.plan.counts().waiting, 2U);
}

TEST(Coordinator, CheckpointsGoOnlyWhenTheResultIsOnTheDisk) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.obedient_workers();
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_THAT(world.files.checkpoints_removed, ElementsAre(sample_trial('a').key));
    const auto assign = world.transport.expect<Assign>(1);
    EXPECT_EQ(assign.checkpoints, "/checkpoints/" + sample_trial('a').key.hex);
}

TEST(Coordinator, AStopAsksForCheckpoints) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId worker, const ToWorker& message) {
        if (is<Assign>(message)) world.stop.why = "SIGUSR1";
        if (const auto* abandon = std::get_if<Abandon>(&message))
            world.transport.say(worker.rank, to_coordinator::Abandoned{abandon->attempt, ""});
    });
    world.hello(1);
    EXPECT_EQ(world.run(), ExitCode::stopped_early);
    world.transport.take_all<Assign>();
    EXPECT_TRUE(world.transport.expect<Abandon>(1).checkpoint);
    EXPECT_TRUE(world.files.checkpoints_removed.empty());
}

TEST(Coordinator, StopGivesUpWhatRunsAndKeepsResultsThatStillCome) {
    CoordinatorWorld world(sample_grid("abc"), 2);
    world.transport.react([&world](WorkerId worker, const ToWorker& message) {
        if (is<Assign>(message)) world.stop.why = "SIGUSR1";
        const auto* abandon = std::get_if<Abandon>(&message);
        if (abandon == nullptr) return;
        if (worker.rank == 1)
            world.transport.say(1, to_coordinator::Finished{abandon->attempt, CoordinatorWorld::result(), ""});
        else
            world.transport.say(2, to_coordinator::Abandoned{abandon->attempt, ""});
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::stopped_early);
    EXPECT_EQ(world.transport.take_all<Assign>().size(), 2U) << "no new work";
    EXPECT_EQ(world.transport.take_all<Abandon>().size(), 2U);
    EXPECT_EQ(world.plan.counts(), (PlanCounts{.waiting = 2, .finished = 1}));
    EXPECT_EQ(world.recorded<event::Abandoned>().size(), 1U);
    EXPECT_THAT(world.recorded<event::Stopped>(), ElementsAre(testing::Field(&event::Stopped::why, "SIGUSR1")));
}

TEST(Coordinator, StopWaitsNoLongerThanItsTimeout) {
    CoordinatorWorld world(sample_grid("a"), 1);
    world.transport.react([&world](WorkerId, const ToWorker& message) {
        if (is<Assign>(message)) world.stop.why = "time limit";
    });
    world.hello(1);
    EXPECT_EQ(world.run({.answer_timeout = std::chrono::seconds(30)}), ExitCode::stopped_early);
    EXPECT_GE(world.clock.now(), std::chrono::seconds(30));
    EXPECT_LE(world.clock.now(), std::chrono::seconds(31));
    EXPECT_EQ(world.recorded<event::Abandoned>().size(), 1U);
    world.transport.take_all<Assign>();
    world.transport.expect<Abandon>(1);
}

TEST(Coordinator, TheLeadersLastNcclIdGoesToTheWholeGangAndEpochsGrow) {
    CoordinatorWorld world(sample_grid("ab", 2), 2);
    world.transport.react([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return;
        const std::string fresh = "fresh-" + std::to_string(worker.rank);
        if (worker.rank == 1)
            world.transport.say(1, to_coordinator::Finished{assign->attempt, CoordinatorWorld::result(), fresh});
        else
            world.transport.say(2, to_coordinator::MemberDone{assign->attempt, fresh});
    });
    world.hello(1, "n1", "first-1");
    world.hello(2, "n1", "first-2");
    EXPECT_EQ(world.run(), ExitCode::done);
    std::vector<std::pair<std::string, std::uint32_t>> sent;
    for (const auto& [worker, assign] : world.transport.take_all<Assign>()) sent.emplace_back(assign.nccl_id, assign.epoch);
    using Sent = std::pair<std::string, std::uint32_t>;
    EXPECT_THAT(sent, ElementsAre(Sent{"first-1", 1}, Sent{"first-1", 1}, Sent{"fresh-1", 2}, Sent{"fresh-1", 2}));
}

TEST(Coordinator, TheEndWaitsForMembersThatHaveNotAnswered) {
    CoordinatorWorld world(sample_grid("a", 2), 2);
    Attempt attempt;
    world.obedient_workers([&attempt](WorkerId worker, const ToWorker& message) {
        if (const auto* assign = std::get_if<Assign>(&message)) attempt = assign->attempt;
        return worker.rank == 2;
    });
    bool stop_was_early = true;
    world.transport.when_quiet([&] {
        stop_was_early = !world.transport.take_all<to_worker::Stop>().empty();
        world.transport.say(2, to_coordinator::MemberDone{attempt, ""});
    });
    world.hello(1);
    world.hello(2);
    EXPECT_EQ(world.run(), ExitCode::done);
    EXPECT_FALSE(stop_was_early);
    world.transport.take_all<Assign>();
}

TEST(Coordinator, WhatTheLedgerHoldsIsWhatThePlanSays) {
    CoordinatorWorld world(sample_grid("abcdef"), 3);
    world.obedient_workers([&world](WorkerId worker, const ToWorker& message) {
        const auto* assign = std::get_if<Assign>(&message);
        if (assign == nullptr) return false;
        if (letter(assign->attempt) == 'b') {
            world.fail(worker.rank, assign->attempt, FailureReason::not_a_number, "x");
            return true;
        }
        if (letter(assign->attempt) != 'c' || assign->attempt.number > 1) return false;
        world.transport.lose(worker.rank, "killed");
        return true;
    });
    for (const int rank : {1, 2, 3}) world.hello(rank);
    EXPECT_EQ(world.run(), ExitCode::trials_set_aside);
    Plan replayed(world.grid.trials);
    (void)replay_ledger(world.disk, [&replayed](const Event& event) { replayed.apply(event); });
    EXPECT_EQ(replayed.counts(), world.plan.counts());
    EXPECT_EQ(replayed.counts(), (PlanCounts{.finished = 5, .set_aside = 1, .failures = 2}));
    world.transport.take_all<Assign>();
}

}  // namespace
}  // namespace layersweep
