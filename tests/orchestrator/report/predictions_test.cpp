#include "orchestrator/report/predictions.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/errors.hpp"
#include "tests/support/read_text.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

Result result() {
    Result result;
    result.predictions = {{.row = 17, .label = 0, .predicted = 1, .scores = {-1.5, 0.1}},
                          {.row = 3, .label = 1, .predicted = 1, .scores = {1.0 / 3, 2}}};
    return result;
}

TEST(PredictionsCsv, KeepsTheOrderOfTheRowsAndEveryBitOfTheScores) {
    const std::vector<ClassLabel> classes = {{"0", "Negative"}, {"1", "Very, \"good\""}};
    EXPECT_EQ(predictions_csv(result(), classes),
              "row,label,predicted,score_Negative,\"score_Very, \"\"good\"\"\"\n17,0,1,-1.5,0.1\n3,1,1,0.3333333333333333,2\n");
}

TEST(PredictionsCsv, NamesColumnsByTheValueWhereWordsAreSharedAndByTheIdWhereThereIsNone) {
    EXPECT_EQ(predictions_csv(Result{}, std::vector<ClassLabel>{{"1", "Bad"}, {"2", "Bad"}, {"3", "Good"}, {"4", ""}}),
              "row,label,predicted,score_1,score_2,score_Good,score_4\n");
    EXPECT_TRUE(predictions_csv(result(), {}).starts_with("row,label,predicted,score_0,score_1\n"));
}

TEST(PredictionFiles, WriteOneFilePerTrialAndReplaceIt) {
    const test::TemporaryDirectory folder;
    Trial trial{.key = {"abc"}};
    {
        PredictionFiles files(folder.path().string());
        files.write(trial, Result{});
        files.write(trial, result());
        EXPECT_EQ(files.path_of(trial.key), (folder.path() / "predictions/abc.csv").string());
    }
    PredictionFiles again(folder.path().string());
    EXPECT_EQ(test::read_text(again.path_of(trial.key)), predictions_csv(result(), {}));
    const auto entries = std::filesystem::directory_iterator(folder.path() / "predictions");
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "nothing is left beside the file";
}

TEST(PredictionFiles, TellWhereTheyCannotWrite) {
    const test::TemporaryDirectory folder;
    folder.write("predictions", "in the way");
    EXPECT_THROW(PredictionFiles{folder.path().string()}, MachineError);
}

}  // namespace
}  // namespace layersweep
