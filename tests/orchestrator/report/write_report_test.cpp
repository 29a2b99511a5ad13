#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "orchestrator/report/csv_files.hpp"
#include "protocol/errors.hpp"
#include "tests/orchestrator/report/sample.hpp"
#include "tests/support/read_text.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
}

TEST(WriteReport, WritesEveryFileAndReplacesEarlierOnes) {
    const test::TemporaryDirectory folder;
    Sample sample;
    sample.finish(sample.add("a", "d", Mode::lm, 1, 0), 0.25);
    folder.write("results.csv", std::string(10000, 'x'));
    write_report(folder.path().string(), sample.report());
    EXPECT_THAT(names_in(folder.path()),
                ::testing::ElementsAre("confusion.csv", "curves.csv", "results.csv", "summary.csv", "table.md", "timings.csv"));
    EXPECT_EQ(test::read_text(folder.path() / "results.csv"), results_csv(sample.report()));
}

TEST(WriteReport, TellsOfAFolderThatIsNotThere) {
    Sample sample;
    EXPECT_THROW(write_report("/nonexistent/folder", sample.report()), MachineError);
}

}  // namespace
}  // namespace layersweep
