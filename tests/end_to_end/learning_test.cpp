#include <random>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const auto value : values) sum += value;
    return sum / double(values.size());
}

/// The demo's TREC with the labels of each file dealt out anew: nothing is left to learn.
void write_shuffled_trec(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    for (const char* name : {"train_5500.label", "TREC_10.label"}) {
        std::istringstream lines(read_text(LAYERSWEEP_SOURCE_DIR "/configs/demo/data/trec/" + std::string(name)));
        std::vector<std::string> labels, texts;
        for (std::string line; std::getline(lines, line);) {
            labels.push_back(line.substr(0, line.find(' ')));
            texts.push_back(line.substr(line.find(' ')));
        }
        std::mt19937 random(1);
        for (std::size_t i = labels.size(); i > 1; --i) std::swap(labels[i - 1], labels[random() % i]);
        std::ofstream out(folder / name);
        for (std::size_t i = 0; i < labels.size(); ++i) out << labels[i] << texts[i] << '\n';
    }
}

TEST_F(SmallSweep, TheTaskIsLearnedAndWithShuffledLabelsItIsNot) {
    std::vector<std::pair<std::string, std::string>> changes{
        {"[trec, sst2]", "[trec]"}, {"  shots: 8", "  shots: 24"}, {"  epochs: 2", "  epochs: 6"}, {"  test_rows: 40", "  test_rows: 150"}};
    const auto learned = run("learned", 2, {}, changed("real_labels", changes));
    ASSERT_EQ(learned.exit_code, 0) << learned.output;
    const auto real = mean(numbers(results("learned"), "accuracy"));

    write_shuffled_trec(folder("trec"));
    changes.emplace_back("${DEMO}/data/trec", folder("trec"));
    const auto shuffled = run("shuffled", 2, {}, changed("dealt_labels", changes));
    ASSERT_EQ(shuffled.exit_code, 0) << shuffled.output;
    const auto chance = mean(numbers(results("shuffled"), "accuracy"));

    EXPECT_GT(real, 1.0 / 6 + 0.15);
    EXPECT_NEAR(chance, 1.0 / 6, 0.08) << "12 trials of 150 rows: what is far from chance is a leak";
}

TEST_F(SmallSweep, EveryCellOfTheDemoIsFarAboveChance) {
    const auto demo = run("demo", 2, {}, LAYERSWEEP_SOURCE_DIR "/configs/demo.yaml");
    ASSERT_EQ(demo.exit_code, 0) << demo.output;
    const auto cells = csv_rows(read_text(folder("demo") + "/summary.csv"));
    ASSERT_EQ(cells.size(), 72u);
    const std::map<std::string, double> classes{{"sst2", 2}, {"emoc", 4}, {"trec", 6}, {"agnews", 4}};
    for (const auto& cell : cells) {
        EXPECT_GE(std::stod(cell.at("accuracy_mean")), 1 / classes.at(cell.at("dataset")) + 0.15)
            << cell.at("model") << ' ' << cell.at("dataset") << ' ' << cell.at("mode") << ' ' << cell.at("layers");
    }
}

}  // namespace

}  // namespace layersweep::test
