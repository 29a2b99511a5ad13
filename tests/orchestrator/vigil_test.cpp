#include "orchestrator/vigil.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const WorkerId one{1}, two{2};

/// A vigil over two workers, of whom both have spoken.
struct VigilTest : testing::Test {
    Vigil vigil{{one, two}, {.silence = 60s, .stuck = 600s}};
    std::chrono::milliseconds now{0};

    VigilTest() {
        vigil.on_turn(now);
        vigil.on_message(one);
        vigil.on_message(two);
    }
    /// The coordinator turns every half second, and both workers speak.
    void pass(std::chrono::seconds time) {
        for (const auto end = now + time; now < end;) {
            now += 500ms;
            vigil.on_turn(now);
            for (const WorkerId worker : {one, two}) speak(worker);
        }
    }
    void pass_in_silence(std::chrono::seconds time) {
        for (const auto end = now + time; now < end;) vigil.on_turn(now += 500ms);
    }
    void speak(WorkerId worker) {
        vigil.on_message(worker);
        vigil.on_alive(worker, progress[worker]);
    }
    std::map<WorkerId, std::uint64_t> progress;
};

TEST_F(VigilTest, AWorkerThatSaysNothingForLongerThanTheLimitIsSilent) {
    pass_in_silence(60s);
    EXPECT_TRUE(vigil.findings().empty());
    speak(two);
    pass_in_silence(1s);
    ASSERT_EQ(vigil.findings().size(), 1U);
    EXPECT_EQ(vigil.findings()[0].worker, one);
    EXPECT_EQ(vigil.findings()[0].reason, FailureReason::worker_lost);
    EXPECT_THAT(vigil.findings()[0].why, HasSubstr("silent"));
    vigil.forget(one);
    EXPECT_TRUE(vigil.findings().empty());
}

TEST_F(VigilTest, AWorkerThatHasNotSpokenYetHasMoreTime) {
    Vigil fresh{{one}, {.silence = 60s, .stuck = 600s}};
    for (now = 0s; now <= 600s; now += 500ms) fresh.on_turn(now);
    EXPECT_TRUE(fresh.findings().empty());
    for (; now <= 602s; now += 500ms) fresh.on_turn(now);
    EXPECT_EQ(fresh.findings().size(), 1U);
}

TEST_F(VigilTest, ACoordinatorThatWasStoppedHasNotListenedEither) {
    for (int stop = 0; stop < 20; ++stop) vigil.on_turn(now += 1h);
    EXPECT_TRUE(vigil.findings().empty());
}

TEST_F(VigilTest, ABusyWorkerWithoutProgressIsStuckAndAnIdleOneIsNot) {
    vigil.on_busy(one);
    pass(600s);
    EXPECT_TRUE(vigil.findings().empty());
    pass(1s);
    ASSERT_EQ(vigil.findings().size(), 1U);
    EXPECT_EQ(vigil.findings()[0].worker, one);
    EXPECT_EQ(vigil.findings()[0].reason, FailureReason::stuck);
    vigil.on_idle(one);
    EXPECT_TRUE(vigil.findings().empty());
}

TEST_F(VigilTest, AWorkerWithLongStepsHasTwentyOfThemWithoutProgress) {
    vigil.on_busy(one);
    for (int step = 0; step < 5; ++step) {
        pass(60s);
        ++progress[one];
    }
    pass(1s);
    EXPECT_GE(vigil.longest_step(), 60s);
    pass(1150s);
    EXPECT_TRUE(vigil.findings().empty());
    pass(100s);
    EXPECT_EQ(vigil.findings().size(), 1U);
}

TEST_F(VigilTest, ALongLoadIsNoStep) {
    vigil.on_busy(one);
    pass(500s);
    ++progress[one];
    pass(600s);
    EXPECT_TRUE(vigil.findings().empty());
    pass(2s);
    EXPECT_EQ(vigil.findings().size(), 1U) << "a load of 500 s must not allow 10,000 s";
}

TEST_F(VigilTest, EveryAttemptBeginsAnew) {
    vigil.on_busy(one);
    pass(10s);
    for (int step = 0; step < 3; ++step) {
        pass(100s);
        ++progress[one];
    }
    pass(1s);
    vigil.on_idle(one);
    EXPECT_EQ(vigil.longest_step(), 0s);
    vigil.on_busy(one);
    pass(602s);
    EXPECT_EQ(vigil.findings().size(), 1U);
}

}  // namespace
}  // namespace layersweep
