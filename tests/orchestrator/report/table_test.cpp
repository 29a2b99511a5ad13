#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/report/accuracy_table.hpp"
#include "orchestrator/report/markdown.hpp"
#include "orchestrator/report/table_text.hpp"
#include "tests/orchestrator/report/sample.hpp"

namespace layersweep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Two layer counts on two data sets with two seeds; `accuracies` in grid order (data set, layers, seed), below 0: not finished.
void fill(Sample& sample, const std::vector<double>& accuracies) {
    std::size_t i = 0;
    for (const auto* dataset : {"sst2", "trec"}) {
        for (const int layers : {1, 2}) {
            for (const std::uint64_t seed : {0u, 42u}) {
                const auto key = sample.add("gpt2", dataset, Mode::lm, layers, seed);
                if (accuracies[i] >= 0) sample.finish(key, accuracies[i]);
                ++i;
            }
        }
    }
}

TEST(TableMarkdown, IsTheTableOfThePaper) {
    Sample sample;
    fill(sample, {0.80, 0.82, 0.90, 0.92, 0.60, 0.70, 0.50, 0.40});
    EXPECT_EQ(table_markdown(sample.report()),
              "# sample\n\n"
              "8 of 8 trials finished.\n\n"
              "Accuracy on the test rows in per cent, averaged over the seeds, ± the standard deviation (n − 1) where there are several.\n"
              "(k/n): only k of n trials have finished. –: missing; an average is missing if one of its data sets is.\n"
              "Bold: the best number of layers of a model on a data set, among complete cells.\n"
              "\n## lm\n\n"
              "| model | layers | sst2 | trec | average |\n"
              "| --- | --: | --: | --: | --: |\n"
              "| gpt2 | 1 | 81.00 ± 1.41 | **65.00 ± 7.07** | **73.00 ± 4.24** |\n"
              "| gpt2 | 2 | **91.00 ± 1.41** | 45.00 ± 7.07 | 68.00 ± 2.83 |\n");
}

TEST(TableMarkdown, MarksMissingSeedsAndMissingCells) {
    Sample sample;
    fill(sample, {0.80, -1, 0.90, 0.92, 0.60, 0.70, -1, -1});
    const auto text = table_markdown(sample.report());
    EXPECT_THAT(text, HasSubstr("5 of 8 trials finished, 3 still to do."));
    EXPECT_THAT(text, HasSubstr("| gpt2 | 1 | 80.00 (1/2) | 65.00 ± 7.07 | 72.50 (3/4) |\n"));
    EXPECT_THAT(text, HasSubstr("| gpt2 | 2 | 91.00 ± 1.41 | – | – |\n"));
}

TEST(TableMarkdown, OfNothingFinishedHasEveryRowAndOnlyMissingCells) {
    Sample sample;
    fill(sample, std::vector<double>(8, -1));
    sample.input.set_aside[sample.grid.trials[7].key] = "out of memory";
    const auto text = table_markdown(sample.report());
    EXPECT_THAT(text, HasSubstr("0 of 8 trials finished, 1 set aside, 7 still to do."));
    EXPECT_THAT(text, HasSubstr("| gpt2 | 1 | – | – | – |\n| gpt2 | 2 | – | – | – |\n"));
    EXPECT_THAT(text, Not(HasSubstr("**")));
}

TEST(TableMarkdown, OfAnEmptyGridIsATitle) {
    Sample sample;
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("0 of 0 trials finished.\n"));
}

TEST(TableMarkdown, OneSeedHasNoDeviation) {
    Sample sample;
    sample.finish(sample.add("gpt2", "sst2", Mode::cls, 1, 0), 0.81204);
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("\n## cls\n\n| model | layers | sst2 | average |\n| --- | --: | --: | --: |\n"
                                                           "| gpt2 | 1 | 81.20 | 81.20 |\n"));
}

TEST(TableMarkdown, AnUnfinishedCellIsNeverTheBest) {
    Sample sample;
    for (const int layers : {1, 2, 4}) {
        for (const std::uint64_t seed : {0u, 1u}) sample.add("gpt2", "sst2", Mode::lm, layers, seed);
    }
    sample.finish(sample.grid.trials[0].key, 0.9);
    for (const std::size_t i : {2u, 3u}) sample.finish(sample.grid.trials[i].key, 0.5);
    for (const std::size_t i : {4u, 5u}) sample.finish(sample.grid.trials[i].key, 0.6);
    const auto text = table_markdown(sample.report());
    EXPECT_THAT(text, HasSubstr("| gpt2 | 1 | 90.00 (1/2) |"));
    EXPECT_THAT(text, HasSubstr("| gpt2 | 4 | **60.00 ± 0.00** |"));
}

TEST(TableMarkdown, BestIsPerModelAndOtherAxesAndEqualAsPrintedIsEquallyGood) {
    Sample sample;
    sample.grid.axis_names = {"init"};
    const auto add = [&](const char* model, int layers, const char* init, double accuracy) {
        sample.finish(sample.add(model, "sst2", Mode::lm, layers, 0, {{"init", init}}), accuracy);
    };
    add("b", 2, "random", 0.50001);
    add("b", 1, "random", 0.50002);
    add("b", 1, "pretrained", 0.8);
    add("b", 2, "pretrained", 0.7);
    add("a", 1, "random", 0.1);
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("| model | init | layers | sst2 | average |\n"
                                                           "| --- | --- | --: | --: | --: |\n"
                                                           "| b | random | 1 | **50.00** | **50.00** |\n"
                                                           "| b | random | 2 | **50.00** | **50.00** |\n"
                                                           "| b | pretrained | 1 | **80.00** | **80.00** |\n"
                                                           "| b | pretrained | 2 | 70.00 | 70.00 |\n"
                                                           "| a | random | 1 | 10.00 | 10.00 |\n"));
}

TEST(TableMarkdown, ADataSetThatAModeLeavesOutTakesNoPartInItsAverage) {
    Sample sample;
    sample.finish(sample.add("a", "sst2", Mode::lm, 1, 0), 0.5);
    sample.finish(sample.add("a", "trec", Mode::lm, 1, 0), 0.7);
    sample.finish(sample.add("a", "trec", Mode::cls, 1, 0), 0.8);
    const auto text = table_markdown(sample.report());
    EXPECT_THAT(text, HasSubstr("| a | 1 | 50.00 | 70.00 | 60.00 |\n"));
    EXPECT_THAT(text, HasSubstr("| model | layers | trec | average |\n| --- | --: | --: | --: |\n| a | 1 | 80.00 | 80.00 |\n"));
}

TEST(TableMarkdown, ARowThatTheGridExcludesOnOneDataSetHasNoAverage) {
    Sample sample;
    sample.finish(sample.add("a", "sst2", Mode::lm, 1, 0), 0.5);
    sample.finish(sample.add("a", "sst2", Mode::lm, 2, 0), 0.6);
    sample.finish(sample.add("a", "trec", Mode::lm, 1, 0), 0.7);
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("| a | 2 | **60.00** | – | – |\n"));
}

TEST(TableMarkdown, UnequalSeedsGiveAnAverageWithoutADeviation) {
    Sample sample;
    for (const std::uint64_t seed : {0u, 1u}) sample.finish(sample.add("a", "sst2", Mode::lm, 1, seed), 0.5);
    for (const std::uint64_t seed : {1u, 2u}) sample.finish(sample.add("a", "trec", Mode::lm, 1, seed), 0.7);
    EXPECT_THAT(table_markdown(sample.report()), HasSubstr("| a | 1 | 50.00 ± 0.00 | 70.00 ± 0.00 | 60.00 |\n"));
}

TEST(MarkdownLiteral, ShowsNamesAsTheyAre) {
    EXPECT_EQ(markdown_literal("a|b"), "a\\|b");
    EXPECT_EQ(markdown_literal("two\nlines\t\x1b[1m"), "two lines  \\[1m");
    EXPECT_EQ(markdown_literal("opt_125m"), "opt_125m");
    EXPECT_EQ(markdown_literal("_x_ *y* <b>"), "\\_x\\_ \\*y\\* \\<b\\>");
}

TEST(TableText, AlignsColumnsAndStarsTheBest) {
    Sample sample;
    fill(sample, {0.80, -1, 1, 1, 0.60, 0.70, 0.50, 0.40});
    sample.grid.notices = {"two trials\nwere merged"};
    EXPECT_EQ(table_text(sample.report()),
              "sample: 7 of 8 trials finished, 1 still to do.\n"
              "Accuracy in per cent; * best number of layers; (k/n) only k of n trials finished; – missing.\n"
              "\nlm\n"
              "  model  layers           sst2           trec        average\n"
              "  gpt2        1    80.00 (1/2)   65.00 ± 7.07*   72.50 (3/4)\n"
              "  gpt2        2  100.00 ± 0.00   45.00 ± 7.07   72.50 ± 3.54\n"
              "\nnote: two trials were merged\n");
}

}  // namespace
}  // namespace layersweep
