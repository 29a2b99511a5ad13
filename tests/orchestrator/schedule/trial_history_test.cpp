#include "orchestrator/schedule/trial_history.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_trials.hpp"

namespace layersweep {
namespace {

using test::sample_trial;
using Lines = std::vector<HistoryLine>;

const TrialKey key = sample_trial('a').key;

Lines history(const std::vector<Event>& events) {
    TrialHistory history(sample_trial('a'));
    for (const Event& event : events) history.apply(event);
    return history.lines();
}

Attempt attempt(std::uint32_t life, std::uint32_t number, char letter = 'a') {
    return {sample_trial(letter).key, life, number};
}
Event began(std::uint32_t life, std::int64_t time_ms, bool continued = false) {
    return event::LifeBegan{life, continued, time_ms};
}
Event assigned(const Attempt& attempt, const std::vector<WorkerId>& workers, std::int64_t time_ms) {
    return event::Assigned{attempt, workers, time_ms};
}
Event failed(const Attempt& attempt, FailureReason reason, const std::string& detail, std::int64_t time_ms) {
    return event::Failed{attempt, {reason, detail}, time_ms};
}
Event set_aside(const std::string& why, SetAsideCause cause, std::int64_t time_ms) {
    return event::SetAside{key, why, cause, time_ms};
}
Event finished(std::uint32_t life, std::uint32_t number) {
    Result result = test::sample_result(0.812);
    result.timings.total_s = 62.34;
    event::Finished finished{.attempt = attempt(life, number), .result = result};
    finished.workers = {{"n1"}};
    finished.time_ms = 30;
    return finished;
}

TEST(TrialHistory, TellsEveryEventOfTheTrialAndNoOthers) {
    const Attempt other = attempt(1, 1, 'b');
    const auto lines = history({began(1, 5), assigned(other, {{2}}, 9), assigned(attempt(1, 1), {{1}, {3}}, 10),
                                event::WorkerLost{{3}, "gone", 11}, failed(attempt(1, 1), FailureReason::worker_lost, "worker 3: gone", 12),
                                failed(other, FailureReason::internal, "x", 13), set_aside("too often", SetAsideCause::failures, 14),
                                began(2, 20), event::PutBack{key, 21}, began(3, 22), assigned(attempt(3, 2), {{1}}, 23),
                                event::Abandoned{attempt(3, 2), 24}, assigned(attempt(3, 3), {{4}}, 25), finished(3, 3)});
    EXPECT_EQ(lines, (Lines{{10, 1, 1, {{1}, {3}}, "began"},
                            {12, 1, 1, {{1}, {3}}, "failed: worker-lost: worker 3: gone"},
                            {14, 1, 0, {}, "was set aside: too often"},
                            {21, 2, 0, {}, "was put back: earlier failures are forgiven"},
                            {23, 3, 2, {{1}}, "began"},
                            {24, 3, 2, {{1}}, "was given up and waits again"},
                            {25, 3, 3, {{4}}, "began"},
                            {30, 3, 3, {{4}}, "finished: accuracy 81.20 %, in 62.3 s"}}));
}

TEST(TrialHistory, ALifeThatEndedWhileItRanIsTold) {
    const auto lines = history({began(1, 5), assigned(attempt(1, 1), {{1}}, 10), began(2, 20)});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1], (HistoryLine{20, 1, 1, {{1}}, "life 1 ended while it ran: counts for nobody"}));
}

TEST(TrialHistory, ACoordinatorThatGoesOnInANewSegmentEndsNothing) {
    const auto lines = history({began(1, 5), assigned(attempt(1, 1), {{1}}, 10), began(2, 20, /*continued=*/true), finished(1, 1)});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].what, "finished: accuracy 81.20 %, in 62.3 s");
}

TEST(TrialHistory, WhatDoesNotCountIsSaidNotTo) {
    const auto lines = history({began(1, 5), assigned(attempt(1, 1), {{1}}, 10), began(2, 20), finished(1, 1)});
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[2].what, "finished: accuracy 81.20 %, in 62.3 s (this attempt was over: does not count)");
}

TEST(TrialHistory, WhatHadNoRoomWaitsAgainInTheNextLife) {
    const auto lines = history({began(1, 5), set_aside("too wide", SetAsideCause::no_room, 7), began(2, 8)});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].life, 2U);
    EXPECT_EQ(lines[1].what, "waits again: there may be room for its gang now");
}

}  // namespace
}  // namespace layersweep
