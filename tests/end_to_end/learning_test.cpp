#include <algorithm>
#include <random>

#include "tests/end_to_end/sweep_fixture.hpp"

namespace layersweep::test {

namespace {

/// The accuracy column of results.csv.
std::vector<double> accuracies(const std::string& csv) {
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    std::vector<double> values;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string field;
        for (int i = 0; i < 7; ++i) std::getline(fields, field, ',');
        values.push_back(std::stod(field));
    }
    return values;
}

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
    auto text = read_text(small_);
    const auto change = [&](const std::string& from, const std::string& to) { text.replace(text.find(from), from.size(), to); };
    change("[trec, sst2]", "[trec]");
    change("  shots: 8", "  shots: 24");
    change("  epochs: 2", "  epochs: 6");
    change("  test_rows: 40", "  test_rows: 150");
    const auto learned = run("learned", 2, {}, scratch_.write("learned.yaml", text));
    ASSERT_EQ(learned.exit_code, 0) << learned.output;
    const auto real = mean(accuracies(results("learned")));

    write_shuffled_trec(folder("trec"));
    change("${DEMO}/data/trec", folder("trec"));
    const auto shuffled = run("shuffled", 2, {}, scratch_.write("shuffled.yaml", text));
    ASSERT_EQ(shuffled.exit_code, 0) << shuffled.output;
    const auto chance = mean(accuracies(results("shuffled")));

    EXPECT_GT(real, 1.0 / 6 + 0.15);
    EXPECT_NEAR(chance, 1.0 / 6, 0.08) << "12 trials of 150 rows: what is far from chance is a leak";
}

/// Mean accuracy by "model,dataset,mode,layers" of summary.csv.
std::map<std::string, double> means(const std::string& summary) {
    std::istringstream lines(summary);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line.rfind("model,dataset,mode,layers,n,missing,accuracy_mean", 0), 0u) << line;
    std::map<std::string, double> cells;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string cell, field;
        for (int i = 0; i < 4; ++i) {
            std::getline(fields, field, ',');
            cell += field + ",";
        }
        for (int i = 0; i < 3; ++i) std::getline(fields, field, ',');
        cells[cell] = std::stod(field);
    }
    return cells;
}

TEST_F(SmallSweep, EveryCellOfTheDemoIsFarAboveChance) {
    const auto demo = run("demo", 2, {}, LAYERSWEEP_SOURCE_DIR "/configs/demo.yaml");
    ASSERT_EQ(demo.exit_code, 0) << demo.output;
    const auto cells = means(read_text(folder("demo") + "/summary.csv"));
    ASSERT_EQ(cells.size(), 72u);
    const std::map<std::string, double> classes{{"sst2", 2}, {"emoc", 4}, {"trec", 6}, {"agnews", 4}};
    for (const auto& [cell, accuracy] : cells) {
        const auto from = cell.find(',') + 1;
        EXPECT_GE(accuracy, 1 / classes.at(cell.substr(from, cell.find(',', from) - from)) + 0.15) << cell;
    }
}

}  // namespace

}  // namespace layersweep::test
