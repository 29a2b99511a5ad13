#include "orchestrator/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "orchestrator/report/display.hpp"
#include "orchestrator/report/plain_progress.hpp"
#include "orchestrator/report/progress_text.hpp"
#include "orchestrator/report/terminal_progress.hpp"
#include "tests/orchestrator/report/sample.hpp"

namespace layersweep {
namespace {

Standing standing(double elapsed_s) {
    return {.total = 10, .done = 3, .running = 2, .set_aside = 1, .waiting = 4, .failed = 1, .elapsed_s = elapsed_s, .left_s = 61};
}

struct ProgressTest : ::testing::Test {
    ProgressTest() { sample.add("gpt2", "sst2", Mode::lm, 2, 42); }
    [[nodiscard]] const Trial& trial() const { return sample.grid.trials[0]; }

    Sample sample;
    std::ostringstream out;
    std::size_t columns = 200;
    TerminalProgress terminal{out, [this] { return columns; }};
    PlainProgress plain{out};
};

TEST(PredictedLeft, ScalesElapsedTimeByCost) {
    EXPECT_EQ(predicted_left_s(2, 6, 10), 30);
    EXPECT_EQ(predicted_left_s(2, 0, 10), 0);
    EXPECT_FALSE(predicted_left_s(0, 6, 10));
}

TEST(StandingText, LeavesOutZeroCountsAndTheTimeLeftWhereThereIsNone) {
    EXPECT_EQ(standing_text(standing(12)), "3/10 done, 2 running, 1 set aside, 4 waiting, 1 failed attempt, 0:00:12, about 0:01:01 left");
    EXPECT_EQ(standing_text({.total = 5, .done = 5, .elapsed_s = 3, .left_s = 9}), "5/5 done, 0:00:03");
    EXPECT_EQ(standing_text({.total = 5, .waiting = 5}), "0/5 done, 5 waiting, 0:00:00");
}

TEST_F(ProgressTest, PlainPrintsALinePerEventAndNoneForTicks) {
    plain.on_tick(standing(1));
    plain.on_finished(trial(), {.accuracy = 0.812}, standing(2));
    plain.on_failed(trial(), {.number = 2}, {FailureReason::not_a_number, "loss\nat step 3"}, standing(3));
    plain.on_set_aside(trial(), "3 attempts failed", standing(4));
    plain.on_notice("worker 2 was lost");
    plain.on_end({.total = 1, .set_aside = 1, .elapsed_s = 5});
    const std::string name = "model=gpt2,dataset=sst2,mode=lm,layers=2,seed=42";
    EXPECT_EQ(out.str(), "[0:00:02] 3/10 " + name + " 81.20 %\n[0:00:03] 3/10 failed " + name + " (attempt 2): " +
                             std::string(name_of(FailureReason::not_a_number)) + ": loss at step 3\n[0:00:04] 3/10 set aside " + name +
                             ": 3 attempts failed\nworker 2 was lost\n0/1 done, 1 set aside, 0:00:05\n");
}

TEST_F(ProgressTest, TerminalRewritesOneLineWithTheLastFinishedTrial) {
    terminal.on_finished(trial(), {.accuracy = 0.812}, {.total = 2, .done = 1, .running = 1, .elapsed_s = 1});
    terminal.on_end({.total = 2, .done = 2, .elapsed_s = 1});
    EXPECT_EQ(out.str(),
              "\r\x1b[K1/2 done, 1 running, 0:00:01; model=gpt2,dataset=sst2,mode=lm,layers=2,seed=42 81.20 %"
              "\r\x1b[K2/2 done, 0:00:01; model=gpt2,dataset=sst2,mode=lm,layers=2,seed=42 81.20 %\n");
}

TEST_F(ProgressTest, TerminalLineIsNarrowerThanTheTerminalAtEveryWidth) {
    sample.grid.trials[0].model.name = "模型\x1b[31m";
    terminal.on_finished(trial(), {.accuracy = 1}, standing(0));
    for (columns = 0; columns < 150; ++columns) {
        out.str("");
        terminal.on_tick(standing(1 + static_cast<double>(columns)));
        const auto text = out.str();
        ASSERT_TRUE(text.starts_with("\r\x1b[K"));
        EXPECT_LE(display_width(text.substr(4)), columns > 0 ? columns - 1 : 0);
        EXPECT_EQ(text.find_first_of("\n\x1b", 4), std::string::npos);
    }
}

TEST_F(ProgressTest, TerminalIsNotRewrittenMoreThanTenTimesASecond) {
    terminal.on_tick(standing(1));
    out.str("");
    terminal.on_tick(standing(1.05));
    EXPECT_EQ(out.str(), "");
    terminal.on_tick(standing(1.2));
    EXPECT_NE(out.str(), "");
}

TEST_F(ProgressTest, TerminalKeepsFailuresAndNoticesAboveTheLine) {
    terminal.on_tick({.total = 1, .running = 1, .elapsed_s = 1});
    out.str("");
    terminal.on_notice("worker 2\nwas lost");
    EXPECT_EQ(out.str(), "\r\x1b[Kworker 2 was lost\n0/1 done, 1 running, 0:00:01");
    out.str("");
    terminal.on_set_aside(trial(), "why", {.total = 1, .set_aside = 1, .elapsed_s = 1});
    EXPECT_EQ(out.str(), "\r\x1b[Kset aside model=gpt2,dataset=sst2,mode=lm,layers=2,seed=42: why\n\r\x1b[K0/1 done, 1 set aside, 0:00:01");
}

}  // namespace
}  // namespace layersweep
