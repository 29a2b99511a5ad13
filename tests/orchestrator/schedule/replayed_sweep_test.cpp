#include "orchestrator/schedule/replayed_sweep.hpp"

#include <gtest/gtest.h>

#include "orchestrator/ledger/ledger_writer.hpp"
#include "protocol/errors.hpp"
#include "tests/support/sample_trials.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

TEST(ReplayedSweep, GivesGridPlanAndWhereTheLedgerEnds) {
    const test::TemporaryDirectory directory;
    const ResultsFolder folder{directory.path()};
    const Grid grid = test::sample_grid("abc");
    write_grid(folder.grid().string(), grid);
    std::filesystem::create_directories(folder.ledger());
    SegmentFolder store(folder);
    LedgerWriter ledger =
        begin_life(store, {.sweep = grid.sweep, .grid_hash = grid_hash(grid), .code_version = "test"}, 0, [](const Event&) {});
    const Attempt attempt{grid.trials[1].key, 1, 1};
    ledger.append(event::Assigned{attempt, {{1}}, 5}, LedgerWriter::Durability::written);
    ledger.append(event::Finished{attempt, test::sample_result(1.0 / 3), {{"n1", 17, "cpu", "avx2"}}}, LedgerWriter::Durability::synced);
    const Attempt other{grid.trials[2].key, 1, 1};
    ledger.append(event::Assigned{other, {{2}}, 6}, LedgerWriter::Durability::written);
    ledger.commit();

    const ReplayedSweep sweep = read_sweep(directory.path());
    EXPECT_EQ(sweep.grid.trials, grid.trials);
    EXPECT_EQ(sweep.plan.counts(), (PlanCounts{.waiting = 1, .running = 1, .finished = 1}));
    const auto* finished = sweep.plan.status(1).as<trial_state::Finished>();
    ASSERT_NE(finished, nullptr);
    EXPECT_EQ(finished->result, test::sample_result(1.0 / 3));
    EXPECT_EQ(finished->workers.front().machine_class, "avx2");
    EXPECT_EQ(sweep.plan.status(1).attempts, 1U);
    EXPECT_EQ(sweep.ledger.newest->life_of.grid_hash, grid_hash(grid));
}

TEST(ReplayedSweep, TellsWhichWorkersAreGivenNoWork) {
    const test::TemporaryDirectory directory;
    const ResultsFolder folder{directory.path()};
    const Grid grid = test::sample_grid("a");
    std::filesystem::create_directories(folder.ledger());
    SegmentFolder store(folder);
    LedgerWriter ledger = begin_life(store, {.sweep = grid.sweep}, 0, [](const Event&) {});
    for (const int rank : {1, 2, 3}) ledger.append(event::Quarantined{{rank}, "bad", 1}, LedgerWriter::Durability::written);
    ledger.append(event::WorkerLost{{1}, "gone", 2}, LedgerWriter::Durability::written);
    const Attempt attempt{grid.trials[0].key, 1, 1};
    ledger.append(event::Assigned{attempt, {{2}}, 3}, LedgerWriter::Durability::written);
    ledger.commit();
    EXPECT_EQ(replay_sweep(directory.path(), grid).quarantined, (std::map<WorkerId, std::string>{{{3}, "bad"}}));
    const LedgerWriter next = begin_life(store, {.sweep = grid.sweep}, 0, [](const Event&) {});
    EXPECT_TRUE(replay_sweep(directory.path(), grid).quarantined.empty()) << "workers of another life";
}

TEST(ReplayedSweep, AFolderWithoutASweepIsRefused) {
    const test::TemporaryDirectory directory;
    EXPECT_THROW((void)read_sweep(directory.path()), ConfigError);
}

}  // namespace
}  // namespace layersweep
