#include <csignal>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// Trials that are interrupted in the middle and go on from their checkpoints.
class LongSweep : public SmallSweep {
protected:
    static constexpr const char* long_ = LAYERSWEEP_SOURCE_DIR "/tests/end_to_end/long.yaml";

    [[nodiscard]] std::size_t checkpoints(const std::string& name) const {
        std::size_t found = 0;
        std::error_code none;
        for (const auto& trial : std::filesystem::directory_iterator(folder(name) + "/checkpoints", none))
            if (std::filesystem::exists(trial.path() / "state.safetensors")) ++found;
        return found;
    }
    void expect_rest_is_done(const std::string& name, std::size_t kept) {
        ASSERT_EQ(count(ledger(name), "\"event\":\"finished\""), 0U) << "the trials are too short for this test";
        const auto resumed = run(name, 3, {}, long_);
        EXPECT_EQ(resumed.exit_code, 0) << resumed.output;
        EXPECT_EQ(count(resumed.output, "goes on from step "), kept) << resumed.output;
        EXPECT_EQ(count(resumed.output, "goes on from step 0\n"), 0U);
        ASSERT_EQ(run("whole", 3, {}, long_).exit_code, 0);
        EXPECT_EQ(results(name), results("whole")) << "weights_hash and all";
        EXPECT_EQ(checkpoints(name), 0U) << "what has its result needs no checkpoint";
    }
};

TEST_F(LongSweep, AfterAStopEveryTrialGoesOnWhereItWas) {
    auto program = start("stopped", 3, {}, long_);
    ASSERT_TRUE(wait_until([&] { return checkpoints("stopped") == 2; }, std::chrono::seconds(60)));
    program.signal(SIGTERM);
    const auto ended = program.wait();
    ASSERT_EQ(ended.exit_code, 75) << ended.output;
    expect_rest_is_done("stopped", 2);
}

TEST_F(LongSweep, AfterAKillEveryTrialGoesOnFromItsLastCheckpoint) {
    auto program = start("killed", 3, {}, long_);
    ASSERT_TRUE(wait_until([&] { return checkpoints("killed") == 2; }, std::chrono::seconds(60)));
    const auto ranks = descendants(program.pid());
    program.signal(SIGKILL);
    (void)program.wait();
    ASSERT_TRUE(wait_until([&] { return std::ranges::none_of(ranks, is_alive); }, std::chrono::seconds(60)));
    expect_rest_is_done("killed", 2);
}

}  // namespace

}  // namespace layersweep::test
