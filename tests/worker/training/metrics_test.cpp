#include "worker/training/metrics.hpp"

#include <gtest/gtest.h>

namespace layersweep::test {
namespace {

Prediction prediction(std::int32_t label, std::int32_t predicted) {
    return {.row = 0, .label = label, .predicted = predicted, .scores = {}};
}

TEST(ArgMax, TiesGoToTheLowestClass) {
    EXPECT_EQ(arg_max(std::vector<double>{1, 3, 3, 2}), 1);
    EXPECT_EQ(arg_max(std::vector<double>{0, 0, 0}), 0);
    EXPECT_EQ(arg_max(std::vector<double>{-5, -2, -1}), 2);
}

TEST(Accuracy, IsTheFractionOfHits) {
    EXPECT_EQ(accuracy({prediction(0, 0), prediction(1, 0), prediction(2, 2), prediction(2, 1)}), 0.5);
    EXPECT_EQ(accuracy({}), 0);
}

TEST(Confusion, CountsLabelsByRowAndPredictionsByColumn) {
    const std::vector<std::vector<std::int64_t>> expected = {{1, 2, 0}, {0, 0, 0}, {0, 1, 0}};
    EXPECT_EQ(confusion({prediction(0, 0), prediction(0, 1), prediction(0, 1), prediction(2, 1)}, 3), expected);
}

TEST(MacroF1, IsTheMeanOverClasses) {
    // F1: 2·3 / (2·3 + 1 + 0) and 2·4 / (2·4 + 0 + 1), with one row of class 0 taken for class 1.
    EXPECT_DOUBLE_EQ(macro_f1({{3, 1}, {0, 4}}), (6.0 / 7.0 + 8.0 / 9.0) / 2);
    EXPECT_EQ(macro_f1({{5, 0}, {0, 2}}), 1);
    EXPECT_EQ(macro_f1({{0, 5}, {2, 0}}), 0);
}

TEST(MacroF1, ClassWithNeitherLabelNorPredictionCountsZero) {
    EXPECT_DOUBLE_EQ(macro_f1({{5, 0, 0}, {0, 0, 0}, {0, 0, 2}}), 2.0 / 3.0);
}

TEST(MacroF1, ClassThatIsPredictedButNeverALabelCountsZero) {
    EXPECT_DOUBLE_EQ(macro_f1({{4, 1}, {0, 0}}), (8.0 / 9.0) / 2);
}

TEST(MacroF1, OfNothingIsZero) {
    EXPECT_EQ(macro_f1({}), 0);
    EXPECT_EQ(macro_f1({{0, 0}, {0, 0}}), 0);
}

}  // namespace
}  // namespace layersweep::test
