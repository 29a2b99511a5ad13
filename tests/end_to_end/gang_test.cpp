#include <cmath>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// The train_loss column of curves.csv.
std::vector<double> losses(const std::string& csv) {
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    std::istringstream names(line);
    std::size_t column = 0, wanted = 0;
    for (std::string name; std::getline(names, name, ','); ++column)
        if (name == "train_loss") wanted = column;
    std::vector<double> values;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string field;
        for (std::size_t i = 0; i <= wanted; ++i) std::getline(fields, field, ',');
        values.push_back(std::stod(field));
    }
    return values;
}

TEST_F(SmallSweep, AGangOfTwoGivesTheLossesOfAGangOfOne) {
    const auto config = [&](int gang) {
        auto text = read_text(small_);
        text.replace(text.find("  epochs: 2"), 11, "  epochs: 9\n  patience: never\n  precision: fp64");  // 6 x 8 rows, 6 steps an epoch
        text.replace(text.find("resources: {"), 12, "resources: { gang: " + std::to_string(gang) + ",");
        text.replace(text.find("[trec, sst2]"), 12, "[trec]");
        text.replace(text.find("  batch: 8"), 10, "  batch: 10");  // the last batch of an epoch is smaller: 48 = 4 x 10 + 8
        return scratch_.write("gang" + std::to_string(gang) + ".yaml", text);
    };
    const auto solo = run("solo", 2, {}, config(1));
    ASSERT_EQ(solo.exit_code, 0) << solo.output;
    const auto gang = run("gang", 2, {}, config(2));
    ASSERT_EQ(gang.exit_code, 0) << gang.output;
    const auto one = losses(read_text(folder("solo") + "/curves.csv"));
    const auto two = losses(read_text(folder("gang") + "/curves.csv"));
    ASSERT_EQ(one.size(), 12u * 9u);
    ASSERT_EQ(two.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(two[i], one[i], 1e-8 * std::abs(one[i])) << "epoch mean " << i;
    EXPECT_NE(read_text(folder("gang") + "/timings.csv").find(",2,1,"), std::string::npos) << "gang and threads columns";
}

TEST_F(SmallSweep, AGangWiderThanTheWorkersIsRefusedBeforeAnythingStarts) {
    auto text = read_text(small_);
    text.replace(text.find("resources: {"), 12, "resources: { gang: 4,");
    const auto ended = run("wide", 2, {}, scratch_.write("wide.yaml", text));
    EXPECT_EQ(ended.exit_code, 2) << ended.output;
    EXPECT_FALSE(std::filesystem::exists(folder("wide")));
}

}  // namespace

}  // namespace layersweep::test
