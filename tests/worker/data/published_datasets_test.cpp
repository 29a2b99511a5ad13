#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "worker/data/dataset.hpp"
#include "worker/data/sampling.hpp"

namespace layersweep {
namespace {

using testing::ElementsAre;

const std::filesystem::path published = std::filesystem::path(LAYERSWEEP_SOURCE_DIR) / "../shared/data";

/// Loads a data set as its publisher made it, or leaves the test as skipped.
class PublishedDataset : public testing::Test {
protected:
    void load(const std::string& format, const std::string& folder) {
        if (!std::filesystem::exists(published / folder)) GTEST_SKIP() << published / folder << " is not there";
        dataset_ = load_dataset({.name = format, .format = format, .folder = (published / folder).string()});
    }

    [[nodiscard]] std::vector<int> balance(const Split& split) const {
        std::vector<int> counts(dataset_.classes.size(), 0);
        for (const auto& row : split.rows) ++counts.at(static_cast<std::size_t>(row.label));
        return counts;
    }

    Dataset dataset_;
};

TEST_F(PublishedDataset, Sst2IsWhole) {
    load("sst2", "sst2");
    if (IsSkipped()) return;
    EXPECT_THAT(balance(dataset_.train), ElementsAre(29780, 37569));
    EXPECT_THAT(balance(dataset_.test), ElementsAre(428, 444));
    EXPECT_EQ(dataset_.train.rows.size(), static_cast<std::size_t>(dataset_.train.published));
    EXPECT_EQ(dataset_.test.rows.size(), static_cast<std::size_t>(dataset_.test.published));
    EXPECT_EQ(dataset_.train.rows[0].text, "hide new secretions from the parental units");
}

TEST_F(PublishedDataset, EmocIsWhole) {
    load("emoc", "emocontext");
    if (IsSkipped()) return;
    EXPECT_THAT(balance(dataset_.train), ElementsAre(14948, 4243, 5463, 5506));
    EXPECT_THAT(balance(dataset_.test), ElementsAre(4677, 284, 250, 298));
    EXPECT_EQ(dataset_.train.rows.size(), static_cast<std::size_t>(dataset_.train.published));
    EXPECT_EQ(dataset_.test.rows.size(), static_cast<std::size_t>(dataset_.test.published));
    EXPECT_EQ(dataset_.test.rows[0].text, "Hmm What does your bio mean? I don\u2019t have any bio");
}

TEST_F(PublishedDataset, TrecIsWhole) {
    load("trec", "trec");
    if (IsSkipped()) return;
    EXPECT_THAT(balance(dataset_.train), ElementsAre(86, 1250, 1162, 1223, 835, 896));
    EXPECT_THAT(balance(dataset_.test), ElementsAre(9, 94, 138, 65, 81, 113));
    EXPECT_EQ(dataset_.train.rows.size(), static_cast<std::size_t>(dataset_.train.published));
    EXPECT_EQ(dataset_.test.rows.size(), static_cast<std::size_t>(dataset_.test.published));
    const auto has_latin1 = [](const Row& row) { return row.text.find("sister\u00F0city") != std::string::npos; };
    EXPECT_EQ(std::ranges::count_if(dataset_.train.rows, has_latin1), 1);
}

TEST_F(PublishedDataset, AgnewsHasAllThatIsThere) {
    load("agnews", "agnews");
    if (IsSkipped()) return;
    EXPECT_EQ(dataset_.train.published, 120000);
    EXPECT_THAT(balance(dataset_.test), ElementsAre(1900, 1900, 1900, 1900));
    const auto train = balance(dataset_.train);  // the whole file, or the balanced part of it that is at hand
    EXPECT_THAT(train, testing::AnyOf(ElementsAre(30000, 30000, 30000, 30000), ElementsAre(5231, 5301, 5286, 5160)));
    EXPECT_EQ(
        dataset_.test.rows[0].text,
        "Fears for T N pension after talks Unions representing workers at Turner   Newall say they are 'disappointed' after talks with "
        "stricken parent firm Federal Mogul.");
}

TEST_F(PublishedDataset, NoRowIsDropped) {
    for (const auto& [format, folder] : {std::pair{"sst2", "sst2"}, {"emoc", "emocontext"}, {"trec", "trec"}, {"agnews", "agnews"}}) {
        load(format, folder);
        if (IsSkipped()) return;
        EXPECT_EQ(dataset_.train.dropped + dataset_.test.dropped, 0) << format;
    }
}

TEST_F(PublishedDataset, TrecGivesAllAbbreviationsThatItHas) {
    load("trec", "trec");
    if (IsSkipped()) return;
    const auto sample = draw_sample(dataset_, 0, {.shots = 200});
    const auto& rows = dataset_.train.rows;
    const auto in_validation = std::ranges::count_if(sample.validation, [&](std::uint32_t i) { return rows[i].label == 0; });
    EXPECT_EQ(sample.training_per_class[0], 86 - 1 - in_validation);
    EXPECT_EQ(sample.training_per_class[1], 200);
    EXPECT_EQ(sample.test.size(), 500U);
    EXPECT_EQ(sample.validation.size(), 500U);
}

}  // namespace
}  // namespace layersweep
