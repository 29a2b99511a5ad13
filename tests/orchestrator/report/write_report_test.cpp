#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "orchestrator/report/csv_files.hpp"
#include "orchestrator/report/replace_file.hpp"
#include "protocol/errors.hpp"
#include "tests/orchestrator/report/sample.hpp"
#include "tests/orchestrator/report/temporary_folder.hpp"

namespace layersweep {
namespace {

std::set<std::string> names_in(const std::string& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
}

TEST(WriteReport, WritesEveryFileAndReplacesEarlierOnes) {
    const TemporaryFolder folder;
    Sample sample;
    sample.finish(sample.add("a", "d", Mode::lm, 1, 0), 0.25);
    std::ofstream(folder.path() + "/results.csv") << std::string(10000, 'x');
    write_report(folder.path(), sample.report());
    EXPECT_THAT(names_in(folder.path()),
                ::testing::ElementsAre("confusion.csv", "curves.csv", "results.csv", "summary.csv", "table.md", "timings.csv"));
    std::ostringstream text;
    text << std::ifstream(folder.path() + "/results.csv").rdbuf();
    EXPECT_EQ(text.str(), results_csv(sample.report()));
}

TEST(WriteReport, TellsOfAFolderThatIsNotThere) {
    Sample sample;
    EXPECT_THROW(write_report("/nonexistent/folder", sample.report()), MachineError);
}

TEST(ReplaceFile, LeavesTheOldFileAndNothingElseWhereItCannotReplace) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() + "/target/full");
    EXPECT_THROW(replace_file(folder.path() + "/target", "text", Durability::synced), MachineError);
    EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("target"));
}

TEST(ReplaceFile, StepsAroundAFileThatAKilledWriterLeft) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/a.aside-" + std::to_string(::getpid()) + "-0") << "left";
    replace_file(folder.path() + "/a", "text");
    EXPECT_EQ(std::filesystem::file_size(folder.path() + "/a"), 4u);
}

}  // namespace
}  // namespace layersweep
