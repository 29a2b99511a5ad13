// How a sweep ends early: by signals, by kills where nothing trains, on a full disk, with a frozen rank.
#include <csignal>

#include "tests/faults/kill.hpp"
#include "tests/faults/small_disk.hpp"
#include "tests/faults/undisturbed.hpp"

namespace layersweep::test {

namespace {

using namespace std::chrono_literals;

class EndTest : public FaultTest {
protected:
    [[nodiscard]] bool finished(int trials) const {
        return wait_until([&] { return sweep_.account().results.size() >= std::size_t(trials); }, longest_run);
    }
    [[nodiscard]] bool said(const std::string& text) const {
        return wait_until([&] { return read_text(sweep_.log()).find(text) != std::string::npos; }, longest_run);
    }
    void expect_the_rest_comes() const {
        bring_to_the_end(sweep_);
        expect_whole(sweep_);
    }

    const FaultSweep sweep_{scratch_.path(), ::testing::UnitTest::GetInstance()->current_test_info()->name()};
};

class StopSignal : public EndTest, public ::testing::WithParamInterface<int> {};

TEST_P(StopSignal, EndsWith75AndALedgerThatSaysSo) {
    auto program = sweep_.start();
    ASSERT_TRUE(finished(2));
    program.signal(GetParam());
    const auto ended = program.wait_for(prompt_end);
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 75) << ended->output;
    auto account = sweep_.account();
    EXPECT_EQ(account.lines["stopped"], 1);
    EXPECT_TRUE(account.running.empty());
    EXPECT_TRUE(sweep_.all_gone_within(5s));
    expect_the_rest_comes();
}

INSTANTIATE_TEST_SUITE_P(, StopSignal, ::testing::Values(SIGTERM, SIGINT, SIGUSR1), [](const auto& test) {
    return std::string(test.param == SIGTERM ? "Term" : test.param == SIGINT ? "Int" : "Usr1");
});

TEST_F(EndTest, ASecondInterruptEndsEverythingAtOnceWith130) {
    auto program = sweep_.start_paused(sweep_.gate().at("finished", "before", 2));
    ASSERT_TRUE(wait_until([&] { return sweep_.gate().is_reached(); }, longest_run));
    program.signal(SIGINT);
    ASSERT_TRUE(said("stopping"));
    program.signal(SIGINT);
    const auto ended = program.wait_for(prompt_end);
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 130) << ended->output;
    EXPECT_TRUE(sweep_.all_gone_within(5s));
    expect_the_rest_comes();
}

TEST_F(EndTest, ASecondRunOnTheSameFolderIsRefusedAndNamesTheFirst) {
    auto program = sweep_.start();
    ASSERT_TRUE(finished(1));
    const auto second = run_layersweep({"run", FaultSweep::sweep_file, "--results", sweep_.results().string()}, scratch_.path() / "second",
                                       sweep_.environment());
    EXPECT_EQ(second.exit_code, 2);
    EXPECT_NE(second.output.find("held by process " + std::to_string(rank_of(sweep_.mark(), 0))), std::string::npos) << second.output;
    const auto ended = program.wait_for(longest_run);
    ASSERT_TRUE(ended && ended->exit_code == 3) << read_text(sweep_.log());
    expect_whole(sweep_);
}

struct QuietKill {
    const char *kind, *point;
    Victim victim;
};

/// Where no trial runs: at the beginning and at the ends.
class KillWhereNothingTrains : public EndTest, public ::testing::WithParamInterface<QuietKill> {};

TEST_P(KillWhereNothingTrains, LosesNothing) {
    const auto [kind, point, victim] = GetParam();
    auto program = sweep_.start_paused(sweep_.gate().at(kind, point, 1));
    if (std::string(kind) == "stopped") {
        ASSERT_TRUE(finished(2));
        program.signal(SIGTERM);
    }
    ASSERT_TRUE(wait_until([&] { return sweep_.gate().is_reached(); }, longest_run)) << read_text(sweep_.log());
    const pid_t pid = victim == Victim::launcher      ? program.pid()
                      : victim == Victim::mpirun      ? mpirun_of(sweep_.mark(), program.pid())
                      : victim == Victim::coordinator ? rank_of(sweep_.mark(), 0)
                                                      : rank_of(sweep_.mark(), 2);
    ASSERT_NE(pid, 0);
    kill(pid, SIGKILL);
    sweep_.gate().open();
    EXPECT_TRUE(program.wait_for(longest_run)) << read_text(sweep_.log());
    EXPECT_TRUE(sweep_.all_gone_within(prompt_end));
    expect_the_rest_comes();
}

std::vector<QuietKill> quiet_kills() {
    std::vector<QuietKill> kills;
    for (const char* kind : {"header", "stopped", "completed"})
        for (const char* point : {"before", "written", "synced"}) kills.push_back({kind, point, static_cast<Victim>(kills.size() % 4)});
    return kills;
}

std::string name_of(const ::testing::TestParamInfo<QuietKill>& test) {
    return std::string(victim_names[static_cast<std::size_t>(test.param.victim)]) + '_' + test.param.kind + '_' + test.param.point;
}

INSTANTIATE_TEST_SUITE_P(, KillWhereNothingTrains, ::testing::ValuesIn(quiet_kills()), name_of);

TEST_F(EndTest, AFrozenWorkerDoesNotKeepASweepWhoseCoordinatorIsGone) {
    auto program = sweep_.start();
    ASSERT_TRUE(finished(1));
    kill(rank_of(sweep_.mark(), 1), SIGSTOP);
    kill(rank_of(sweep_.mark(), 0), SIGKILL);
    const auto ended = program.wait_for(longest_run);
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 75) << ended->output;
    EXPECT_TRUE(sweep_.all_gone_within(5s));
    expect_the_rest_comes();
}

/// What takes minutes because the program is patient first.
class LongEndTest : public EndTest {
protected:
    void SetUp() override {
        if (number_from("LAYERSWEEP_KILLS", 20) < 100) GTEST_SKIP() << "SKIPPED: it takes minutes; ./dev test --faults runs it";
    }
};

TEST_F(LongEndTest, AFrozenMpirunDoesNotKeepALauncherWhoseCoordinatorIsGone) {
    auto program = sweep_.start();
    ASSERT_TRUE(finished(1));
    kill(mpirun_of(sweep_.mark(), program.pid()), SIGSTOP);
    kill(rank_of(sweep_.mark(), 0), SIGKILL);
    const auto ended = program.wait_for(longest_run);
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 75) << ended->output;
    EXPECT_NE(ended->output.find("by force"), std::string::npos) << ended->output;
    EXPECT_TRUE(sweep_.all_gone_within(5s));
    expect_the_rest_comes();
}

/// Every rank waits for every other in MPI_Init.
TEST_F(LongEndTest, ARankThatDiesWhileMpiStartsIsNotWaitedForForEver) {
    auto program = sweep_.start();
    ASSERT_TRUE(wait_until([&] { return rank_of(sweep_.mark(), 2) != 0; }, longest_run));
    kill(rank_of(sweep_.mark(), 2), SIGKILL);
    const auto ended = program.wait_for(std::chrono::seconds(150));
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 70) << ended->output;
    EXPECT_TRUE(sweep_.all_gone_within(5s));
    expect_the_rest_comes();
}

TEST_F(EndTest, AFullDiskIsSaidAndWaitedForAndNothingIsStartedMeanwhile) {
    const SmallDisk disk(sweep_.results());
    if (!disk.refusal().empty()) GTEST_SKIP() << "SKIPPED: no disk of its own can be mounted here: " << disk.refusal();
    auto program = sweep_.start();
    ASSERT_TRUE(finished(2));
    disk.fill();
    ASSERT_TRUE(said("nothing new is started")) << read_text(sweep_.log());
    const auto assigned = sweep_.account().lines["assigned"];
    EXPECT_FALSE(program.wait_for(3s));
    EXPECT_EQ(sweep_.account().lines["assigned"], assigned);
    disk.make_room();
    const auto ended = program.wait_for(longest_run);
    ASSERT_TRUE(ended.has_value()) << read_text(sweep_.log());
    EXPECT_EQ(ended->exit_code, 3) << ended->output;
    EXPECT_NE(ended->output.find("the sweep goes on"), std::string::npos);
    expect_whole(sweep_);
}

}  // namespace

}  // namespace layersweep::test
