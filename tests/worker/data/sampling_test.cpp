#include "worker/data/sampling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/worker/data/expect_config_error.hpp"

namespace layersweep {
namespace {

using test::expect_config_error;
using testing::ElementsAre;

std::vector<Row> rows_of(std::int64_t count, std::int32_t classes) {
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < count; ++i) rows.push_back({i, "text " + std::to_string(i), static_cast<std::int32_t>(i % classes)});
    return rows;
}

Dataset three_classes(std::int64_t train = 600, std::int64_t test = 100) {
    Dataset dataset{.classes = {{"a", "A"}, {"b", "B"}, {"c", "C"}}, .prompt_template = "{text}:"};
    dataset.train.rows = rows_of(train, 3);
    dataset.test.rows = rows_of(test, 3);
    return dataset;
}

TrainingSettings settings(std::int64_t shots, std::int64_t test_rows) {
    TrainingSettings settings;
    settings.shots = shots;
    settings.test_rows = test_rows;
    return settings;
}

bool includes(const std::vector<std::uint32_t>& larger, const std::vector<std::uint32_t>& smaller) {
    return std::includes(larger.begin(), larger.end(), smaller.begin(), smaller.end());
}

TEST(Sampling, TakesWhatWasAskedFor) {
    const auto dataset = three_classes();
    const auto sample = draw_sample(dataset, 42, settings(20, 30));
    ASSERT_EQ(sample.demonstrations.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(dataset.train.rows[sample.demonstrations[i]].label, static_cast<std::int32_t>(i));
    EXPECT_EQ(sample.training.size(), 60U);
    EXPECT_THAT(sample.training_per_class, ElementsAre(20, 20, 20));
    EXPECT_EQ(sample.validation.size(), 30U);
    EXPECT_EQ(sample.test.size(), 30U);
}

TEST(Sampling, IsInRowOrderAndTakesNoRowTwice) {
    const auto sample = draw_sample(three_classes(), 42, settings(50, 90));
    for (const auto* indices : {&sample.training, &sample.validation, &sample.test})
        EXPECT_TRUE(std::is_sorted(indices->begin(), indices->end()));
    std::set<std::uint32_t> all;
    for (const auto* indices : {&sample.demonstrations, &sample.training, &sample.validation}) all.insert(indices->begin(), indices->end());
    EXPECT_EQ(all.size(), sample.demonstrations.size() + sample.training.size() + sample.validation.size());
}

TEST(Sampling, LargerCountsOnlyAddRows) {
    const auto dataset = three_classes();
    auto small = settings(10, 20), large = settings(40, 20);
    const auto few = draw_sample(dataset, 7, small), many = draw_sample(dataset, 7, large);
    EXPECT_TRUE(includes(many.training, few.training));
    EXPECT_EQ(many.validation, few.validation);
    EXPECT_EQ(many.demonstrations, few.demonstrations);
    large = settings(10, 60);
    const auto wide = draw_sample(dataset, 7, large);
    EXPECT_TRUE(includes(wide.test, few.test));
    EXPECT_TRUE(includes(wide.validation, few.validation));
    EXPECT_EQ(wide.demonstrations, few.demonstrations);
    large = settings(10, 20);
    large.demonstrations_per_class = 3;
    const auto shown = draw_sample(dataset, 7, large);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(shown.demonstrations[3 * i], few.demonstrations[i]);
}

TEST(Sampling, AllShotsContainEverySample) {
    const auto dataset = three_classes();
    auto all = settings(0, 20);
    all.shots.reset();
    const auto whole = draw_sample(dataset, 7, all), few = draw_sample(dataset, 7, settings(10, 20));
    EXPECT_EQ(whole.training.size(), 600U - 3 - 20);
    EXPECT_TRUE(includes(whole.training, few.training));
}

TEST(Sampling, TestRowsDependOnDatasetAndSeedAlone) {
    const auto dataset = three_classes();
    auto other = settings(3, 25);
    other.demonstrations_per_class = 0;
    other.validation_rows = 1;
    other.batch = 16;
    other.learning_rate = 1;
    EXPECT_EQ(draw_sample(dataset, 5, settings(100, 25)).test, draw_sample(dataset, 5, other).test);
    EXPECT_NE(draw_sample(dataset, 5, other).test, draw_sample(dataset, 6, other).test);
    EXPECT_EQ(draw_sample(three_classes(300), 5, other).test, draw_sample(dataset, 5, other).test);
}

TEST(Sampling, SettingsThatAreNoCountsChangeNothing) {
    const auto dataset = three_classes();
    auto other = settings(10, 20);
    other.batch = 8;
    other.epochs = 0;
    other.learning_rate = 1;
    other.precision = Precision::fp64;
    other.loss = Loss::vocabulary;
    const auto a = draw_sample(dataset, 1, settings(10, 20)), b = draw_sample(dataset, 1, other);
    EXPECT_EQ(a.training, b.training);
    EXPECT_EQ(a.validation, b.validation);
    EXPECT_EQ(a.demonstrations, b.demonstrations);
}

TEST(Sampling, DroppedRowsDoNotMoveTheOthers) {
    const auto dataset = three_classes();
    const auto sample = draw_sample(dataset, 1, settings(10, 20));
    const auto is_unused = [&](const Row& row) { return std::ranges::find(sample.test, row.number) == sample.test.end(); };
    auto thinner = dataset;
    thinner.test.rows.erase(std::ranges::find_if(thinner.test.rows, is_unused));
    std::vector<std::int64_t> before, after;
    for (const auto index : sample.test) before.push_back(dataset.test.rows[index].number);
    for (const auto index : draw_sample(thinner, 1, settings(10, 20)).test) after.push_back(thinner.test.rows[index].number);
    EXPECT_EQ(before, after);
}

TEST(Sampling, TakesValidationRowsFromTheirOwnFileWhereThereIsOne) {
    auto dataset = three_classes();
    dataset.validation.rows = rows_of(40, 3);
    auto asked = settings(10, 20);
    EXPECT_EQ(draw_sample(dataset, 1, asked).validation.size(), 40U);
    asked.validation_rows = 15;
    EXPECT_EQ(draw_sample(dataset, 1, asked).validation.size(), 15U);
    asked.shots.reset();
    EXPECT_EQ(draw_sample(dataset, 1, asked).training.size(), 597U);
}

TEST(Sampling, GivesAllThatASmallClassHas) {
    auto dataset = three_classes();
    std::erase_if(dataset.train.rows, [](const Row& row) { return row.label == 2 && row.number > 20; });
    auto asked = settings(50, 10);
    asked.validation_rows = 0;
    EXPECT_THAT(draw_sample(dataset, 1, asked).training_per_class, ElementsAre(50, 50, 6));  // 7 rows, one shown
}

TEST(Sampling, RefusesAClassWithoutRows) {
    auto dataset = three_classes();
    std::erase_if(dataset.train.rows, [](const Row& row) { return row.label == 1 && row.number > 1; });
    auto asked = settings(5, 10);
    asked.validation_rows = 0;
    expect_config_error([&] { static_cast<void>(draw_sample(dataset, 1, asked)); }, {"class \"b\" has no row left for training"});
    asked.demonstrations_per_class = 2;
    expect_config_error([&] { static_cast<void>(draw_sample(dataset, 1, asked)); }, {"class \"b\" has no row left for a demonstration"});
    asked.demonstrations_per_class = 0;
    EXPECT_THAT(draw_sample(dataset, 1, asked).training_per_class, ElementsAre(5, 1, 5));
}

TEST(Sampling, IsPinnedForEver) {
    const auto sample = draw_sample(three_classes(), 1218, settings(2, 4));
    EXPECT_THAT(sample.demonstrations, ElementsAre(534, 325, 128));
    EXPECT_THAT(sample.validation, ElementsAre(121, 139, 456, 484));
    EXPECT_THAT(sample.training, ElementsAre(36, 148, 202, 344, 351, 596));
    EXPECT_THAT(sample.test, ElementsAre(26, 42, 60, 72));
    EXPECT_THAT(epoch_order(1218, 1, 6), ElementsAre(0, 1, 4, 5, 2, 3));
    EXPECT_THAT(epoch_order(1218, 2, 6), ElementsAre(5, 0, 1, 2, 3, 4));
}

TEST(EpochOrder, IsAFreshPermutationPerEpoch) {
    const auto first = epoch_order(0, 1, 50), second = epoch_order(0, 2, 50);
    std::vector<std::uint32_t> sorted = first;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t i = 0; i < 50; ++i) EXPECT_EQ(sorted[i], i);
    EXPECT_NE(first, second);
    EXPECT_NE(first, epoch_order(1, 1, 50));
    EXPECT_EQ(first, epoch_order(0, 1, 50));
    EXPECT_TRUE(epoch_order(0, 1, 0).empty());
}

}  // namespace
}  // namespace layersweep
