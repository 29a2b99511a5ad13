#include "orchestrator/report/trial_folders.hpp"

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

TEST(TrialFolders, WriteOneFilePerTrialAndReplaceIt) {
    const test::TemporaryDirectory folder;
    Trial trial{.key = {"abc"}};
    {
        TrialFolders files(folder.path());
        files.write_predictions(trial, Result{});
        files.write_predictions(trial, result());
        EXPECT_EQ(files.predictions_of(trial.key), (folder.path() / "predictions/abc.csv").string());
    }
    TrialFolders again(folder.path());
    EXPECT_EQ(test::read_text(again.predictions_of(trial.key)), predictions_csv(result(), {}));
    const auto entries = std::filesystem::directory_iterator(folder.path() / "predictions");
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "nothing is left beside the file";
}

TEST(TrialFolders, TellWhereTheyCannotWrite) {
    const test::TemporaryDirectory folder;
    folder.write("predictions", "in the way");
    EXPECT_THROW(TrialFolders{folder.path()}, StorageError);
}

TEST(TrialFolders, CheckpointsOfOneTrialGoAndThoseOfOthersStay) {
    const test::TemporaryDirectory folder;
    TrialFolders files(folder.path());
    folder.write("checkpoints/abc/state.safetensors", "x");
    folder.write("checkpoints/abcd/state.safetensors", "y");
    files.remove_checkpoints({"abc"});
    files.remove_checkpoints({"never-there"});
    EXPECT_FALSE(std::filesystem::exists(files.checkpoints_of({"abc"})));
    EXPECT_TRUE(std::filesystem::exists(files.checkpoints_of({"abcd"}) + "/state.safetensors"));
}

TEST(TrialFolders, WhatWasHalfWrittenGoesAndNothingElse) {
    const test::TemporaryDirectory folder;
    TrialFolders files(folder.path());
    const auto half = folder.write("checkpoints/abc/state.safetensors.aside-77-0", "x");
    const auto whole = folder.write("checkpoints/abc/state.safetensors", "y");
    const auto done = folder.write("checkpoints/done/state.safetensors", "z");
    files.tidy_checkpoints([](const TrialKey& key) { return key.hex == "done"; });
    EXPECT_FALSE(std::filesystem::exists(half));
    EXPECT_TRUE(std::filesystem::exists(whole));
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(done).parent_path())) << "it has its result";
}

}  // namespace
}  // namespace layersweep
