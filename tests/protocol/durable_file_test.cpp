#include "protocol/durable_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <set>

#include "protocol/errors.hpp"
#include "tests/support/read_text.hpp"
#include "tests/support/temporary_directory.hpp"

namespace layersweep {
namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
    return names;
}

TEST(ReplaceFile, LeavesTheOldFileAndNothingElseWhereItCannotReplace) {
    const test::TemporaryDirectory folder;
    std::filesystem::create_directories(folder.path() / "target/full");
    EXPECT_THROW(replace_file(folder.path() / "target", "text", Durability::synced), MachineError);
    EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("target"));
}

TEST(ReplaceFile, StepsAroundAFileThatAKilledWriterLeft) {
    const test::TemporaryDirectory folder;
    folder.write("a.aside-" + std::to_string(::getpid()) + "-0", "left");
    replace_file(folder.path() / "a", "text");
    EXPECT_EQ(std::filesystem::file_size(folder.path() / "a"), 4u);
}

TEST(AsideFile, IsNotSeenUnderItsNameBeforeItTakesItsPlaceAndIsGoneWhereItNeverDoes) {
    const test::TemporaryDirectory folder;
    folder.write("a", "old");
    {
        AsideFile given_up(folder.path() / "a");
        given_up.write("half");
    }
    EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("a"));
    AsideFile file(folder.path() / "a");
    file.write("ne");
    EXPECT_EQ(test::read_text(folder.path() / "a"), "old");
    file.write("w");
    file.take_place(Durability::synced);
    EXPECT_EQ(test::read_text(folder.path() / "a"), "new");
    EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("a"));
}

TEST(Folders, ThatCannotBeMadeOrAreNotThereAreToldByName) {
    const test::TemporaryDirectory folder;
    const auto file = folder.write("file", "");
    EXPECT_THROW(make_folder(file + "/below"), MachineError);
    EXPECT_THROW(sync_folder(folder.path() / "absent"), MachineError);
    make_folder(folder.path() / "a/b");
    EXPECT_NO_THROW(make_folder(folder.path() / "a/b"));
    EXPECT_NO_THROW(sync_folder(folder.path() / "a/b"));
}

}  // namespace
}  // namespace layersweep
