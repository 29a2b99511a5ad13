#include <cmath>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

TEST_F(SmallSweep, AGangOfTwoGivesTheLossesOfAGangOfOne) {
    const auto config = [&](int gang) {
        return changed("gang" + std::to_string(gang),
                       {{"  epochs: 2", "  epochs: 9\n  patience: never\n  precision: fp64"},  // 6 x 8 rows, 5 steps an epoch
                        {"resources: {", "resources: { gang: " + std::to_string(gang) + ","},
                        {"[trec, sst2]", "[trec]"},
                        {"  batch: 8", "  batch: 10"}});  // the last batch of an epoch is smaller: 48 = 4 x 10 + 8
    };
    const auto solo = run("solo", 2, {}, config(1));
    ASSERT_EQ(solo.exit_code, 0) << solo.output;
    const auto gang = run("gang", 2, {}, config(2));
    ASSERT_EQ(gang.exit_code, 0) << gang.output;
    const auto one = numbers(read_text(folder("solo") + "/curves.csv"), "train_loss");
    const auto two = numbers(read_text(folder("gang") + "/curves.csv"), "train_loss");
    ASSERT_EQ(one.size(), 12u * 9u);
    ASSERT_EQ(two.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(two[i], one[i], 1e-8 * std::abs(one[i])) << "epoch mean " << i;
    EXPECT_NE(read_text(folder("gang") + "/timings.csv").find(",2,1,"), std::string::npos) << "gang and threads columns";
}

TEST_F(SmallSweep, AGangWiderThanTheWorkersIsRefusedBeforeAnythingStarts) {
    const auto ended = run("wide", 2, {}, changed("wide4", {{"resources: {", "resources: { gang: 4,"}}));
    EXPECT_EQ(ended.exit_code, 2) << ended.output;
    EXPECT_FALSE(std::filesystem::exists(folder("wide")));
}

}  // namespace

}  // namespace layersweep::test
