#include "orchestrator/schedule/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using test::sample_grid;
using test::sample_trial;

using Views = std::vector<WorkerView>;
using Gang = std::vector<WorkerId>;

WorkerView idle(int rank, const std::string& host = "n1") {
    return {{rank}, host, true};
}
WorkerView busy(int rank, const std::string& host = "n1") {
    return {{rank}, host, false};
}
WorkerView silent(int rank) {
    return {{rank}, "", false};
}

/// Trials of the given gangs; the first costs most.
struct Line {
    std::vector<Trial> trials;
    Plan plan;
    Scheduler scheduler;

    explicit Line(const std::vector<std::int64_t>& gangs) : trials(make(gangs)), plan(trials), scheduler(trials, falling(gangs.size())) {}

    static std::vector<Trial> make(const std::vector<std::int64_t>& gangs) {
        std::vector<Trial> trials;
        for (const std::int64_t gang : gangs) trials.push_back(sample_trial(static_cast<char>('a' + trials.size()), gang));
        return trials;
    }
    static std::vector<double> falling(std::size_t count) {
        std::vector<double> costs;
        for (std::size_t i = 0; i < count; ++i) costs.push_back(static_cast<double>(100 - i));
        return costs;
    }
    [[nodiscard]] std::vector<Assignment> decide(const Views& views) const { return scheduler.decide(plan, views); }
};

std::vector<std::size_t> order_of(const std::vector<Assignment>& assignments) {
    std::vector<std::size_t> order;
    for (const Assignment& assignment : assignments) order.push_back(assignment.trial);
    return order;
}

TEST(Scheduler, LongestFirstTiesInGridOrder) {
    const Grid grid = sample_grid("abcd");
    const Scheduler scheduler(grid.trials, {1, 5, 5, 9});
    const Views workers = {idle(1), idle(2), idle(3)};
    EXPECT_EQ(order_of(scheduler.decide(Plan(grid.trials), workers)), (std::vector<std::size_t>{3, 1, 2}));
}

TEST(Scheduler, OnlyWaitingTrialsAndIdleWorkers) {
    Line line({1, 1});
    line.plan.apply(event::Assigned{line.plan.next_attempt(0), {{1}}});
    EXPECT_EQ(line.decide({busy(1), idle(2), silent(3)}), (std::vector<Assignment>{{1, {{2}}}}));
}

TEST(Scheduler, AGangStaysOnOneHost) {
    const Line line({2});
    EXPECT_EQ(line.decide({idle(1, "n1"), idle(2, "n2"), idle(3, "n2")}), (std::vector<Assignment>{{0, {{2}, {3}}}}));
}

TEST(Scheduler, AGangTakesTheTightestHost) {
    const Line line({2});
    const Views workers = {idle(1, "n1"), idle(2, "n1"), idle(3, "n1"), idle(4, "n2"), idle(5, "n2")};
    EXPECT_EQ(line.decide(workers), (std::vector<Assignment>{{0, {{4}, {5}}}}));
}

TEST(Scheduler, AGangWaitsForAHostThatIsWideEnough) {
    const Line line({2});
    EXPECT_TRUE(line.decide({idle(1, "n1"), busy(2, "n1"), idle(3, "n2")}).empty());
}

TEST(Scheduler, AGangSpreadsOnlyWhereNoHostIsWideEnough) {
    const Line line({3});
    const Views workers = {idle(1, "n1"), idle(2, "n2"), idle(3, "n2"), idle(4, "n3")};
    EXPECT_EQ(line.decide(workers), (std::vector<Assignment>{{0, {{2}, {3}, {1}}}}));
}

TEST(Scheduler, AGangDoesNotSpreadBeforeAllWorkersAreHeardOf) {
    const Line line({2});
    EXPECT_TRUE(line.decide({idle(1, "n1"), idle(2, "n2"), silent(3)}).empty());
}

TEST(Scheduler, AWideGangIsNotStarvedByNarrowTrials) {
    const Line line({2, 1, 1});
    EXPECT_TRUE(line.decide({idle(1), busy(2)}).empty()) << "worker 1 is held";
    EXPECT_EQ(line.decide({idle(1), idle(2)}), (std::vector<Assignment>{{0, {{1}, {2}}}}));
}

TEST(Scheduler, OnlyOneHostIsHeldTheOthersWork) {
    const Line line({2, 1, 1});
    const Views workers = {idle(1, "n1"), busy(2, "n1"), busy(3, "n2"), busy(4, "n2"), idle(5, "n3")};
    EXPECT_EQ(line.decide(workers), (std::vector<Assignment>{{1, {{5}}}}));
}

TEST(Scheduler, OnlyTheFirstGangInLineHoldsWorkers) {
    const Line line({2, 2, 1});
    const Views workers = {idle(1, "n1"), busy(2, "n1"), idle(3, "n2"), busy(4, "n2")};
    EXPECT_EQ(line.decide(workers), (std::vector<Assignment>{{2, {{3}}}}));
}

TEST(Scheduler, AGangWiderThanAllWorkersHoldsNobodyAndIsNamed) {
    const Line line({4, 1});
    const Views workers = {idle(1), busy(2), silent(3)};
    EXPECT_EQ(line.decide(workers), (std::vector<Assignment>{{1, {{1}}}}));
    EXPECT_EQ(line.scheduler.too_wide(line.plan, 3), (std::vector<std::size_t>{0}));
    EXPECT_TRUE(line.scheduler.too_wide(line.plan, 4).empty());
}

TEST(Scheduler, AWideGangRunsAfterBoundedWaitWhateverFinishesWhen) {
    // Two hosts of two; narrow trials end one at a time, now here, now there. The gang must run before every narrow trial has.
    Line line({2, 1, 1, 1, 1, 1, 1, 1, 1});
    Views workers = {busy(1, "n1"), busy(2, "n1"), busy(3, "n2"), busy(4, "n2")};
    for (const std::size_t ends : {0U, 2U, 3U, 1U}) {
        workers[ends].idle = true;
        for (const Assignment& assignment : line.decide(workers)) {
            if (assignment.trial == 0) return;
            for (const WorkerId worker : assignment.gang) workers[static_cast<std::size_t>(worker.rank - 1)].idle = false;
            line.plan.apply(event::Assigned{line.plan.next_attempt(assignment.trial), assignment.gang});
        }
    }
    FAIL() << "the gang never ran";
}

using Next = std::optional<std::size_t>;

TEST(Scheduler, LikelyNextIsTheFirstBehindItInLineOfTheSameWidth) {
    const Line line({1, 2, 1, 2});
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 0), Next(2));
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 1, 0), Next(3));
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 2, 0), std::nullopt);
    const Grid grid = sample_grid("abcd");
    EXPECT_EQ(Scheduler(grid.trials, {1, 5, 7, 9}).likely_next(Plan(grid.trials), 3, 0), Next(2)) << "the line counts, not the grid";
}

TEST(Scheduler, LikelyNextLeavesToOthersWhatTheyBeginBefore) {
    const Line line({1, 1, 2, 1, 1});
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 2), Next(4));
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 3), std::nullopt);
}

TEST(Scheduler, LikelyNextIsATrialThatWaits) {
    Line line({1, 1, 1, 1});
    line.plan.apply(event::Assigned{line.plan.next_attempt(1), {{1}}});
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 0), Next(2));
    const auto finished = line.plan.next_attempt(2);
    line.plan.apply(event::Assigned{finished, {{2}}});
    line.plan.apply(event::Finished{.attempt = finished});
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 0), Next(3));
}

TEST(Scheduler, LikelyNextIsNoSuspectOfKillingWorkers) {
    Line line({1, 1, 1});
    while (!line.scheduler.is_suspected(line.plan, 1)) {
        const auto lost = line.plan.next_attempt(1);
        line.plan.apply(event::Assigned{lost, {WorkerId{static_cast<int>(lost.number)}}});
        line.plan.apply(event::Failed{lost, {FailureReason::worker_lost, "killed"}});
        ASSERT_LT(lost.number, 5U);
    }
    EXPECT_EQ(line.scheduler.likely_next(line.plan, 0, 0), Next(2));
}

TEST(Scheduler, LikelyNextIsNotLookedForFarBehind) {
    std::vector<Trial> many(20'000, sample_trial('a', 2));
    many.front() = many[9'000] = sample_trial('b', 1);
    for (std::size_t i = 0; i < many.size(); ++i) many[i].key.hex += std::to_string(i);
    const Scheduler scheduler(many, std::vector<double>(many.size(), 1.0));
    EXPECT_EQ(scheduler.likely_next(Plan(many), 0, 0), std::nullopt);
    EXPECT_EQ(scheduler.likely_next(Plan(many), 8'999, 5), Next(9'006));
}

TEST(Scheduler, AShuffledOrderIsAnotherOrderOfTheSameTrials) {
    const Grid grid = sample_grid("abcdefgh");
    const std::vector<double> costs(8, 1.0);
    Views workers;
    for (int rank = 1; rank <= 8; ++rank) workers.push_back(idle(rank));
    std::set<std::vector<std::size_t>> orders;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        auto order = order_of(Scheduler(grid.trials, costs, seed).decide(Plan(grid.trials), workers));
        orders.insert(order);
        std::ranges::sort(order);
        EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
    }
    EXPECT_EQ(orders.size(), 3U);
}

}  // namespace
}  // namespace layersweep
