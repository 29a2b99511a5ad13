#include "tests/orchestrator/grid/grid_builder.hpp"

#include <iterator>

#include "tests/support/read_text.hpp"

namespace layersweep {
namespace {

using testing::HasSubstr;

class GridFile : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return (folder_.path() / "grid.jsonl").string(); }
    [[nodiscard]] std::string refused(const std::string& text) const {
        folder_.write("grid.jsonl", text);
        return test::refusal([&] { (void)read_grid(path()); });
    }

    test::TemporaryDirectory folder_;
    Grid grid_ = grid_of(
        "grid: { model: [small, tiny], dataset: [trec], mode: [lm, cls], layers: [1, all], seed: 0, learning_rate: [1e-5, 0.3] }\n"
        "exclude: [{ layers: 3 }]\n");
};

TEST_F(GridFile, RoundTripsEverything) {
    write_grid(path(), grid_);
    const Grid read = read_grid(path());
    EXPECT_EQ(read.sweep, grid_.sweep);
    EXPECT_EQ(read.trials, grid_.trials);
    EXPECT_EQ(read.axis_names, grid_.axis_names);
    EXPECT_EQ(read.notices, grid_.notices);
    EXPECT_FALSE(read.notices.empty());
}

TEST_F(GridFile, KeepsWhatWasForeseenAndReadsListsWithout) {
    write_grid(path(), grid_);
    EXPECT_TRUE(read_grid(path()).foreseen_s.empty());
    for (std::size_t i = 0; i < grid_.trials.size(); ++i) grid_.foreseen_s.push_back(double(i) / 3);
    write_grid(path(), grid_);
    EXPECT_EQ(read_grid(path()).foreseen_s, grid_.foreseen_s);
}

TEST_F(GridFile, ReplacesAnOldOneAndLeavesNothingBeside) {
    folder_.write("grid.jsonl", "old");
    write_grid(path(), grid_);
    EXPECT_EQ(read_grid(path()).trials.size(), grid_.trials.size());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(GridFile, UnwritableFolderIsAMachineError) {
    EXPECT_THROW(write_grid("/nonexistent/grid.jsonl", grid_), MachineError);
}

TEST_F(GridFile, AbsentFileNamesTheCommand) {
    EXPECT_THAT([&] { (void)read_grid(path()); }, testing::ThrowsMessage<ConfigError>(HasSubstr("no results folder")));
}

TEST_F(GridFile, DamageIsRefused) {
    write_grid(path(), grid_);
    const std::string good = test::read_text(path());
    const std::size_t header_end = good.find('\n') + 1;
    EXPECT_THAT(refused(""), HasSubstr("is empty"));
    EXPECT_THAT(refused("{}\n"), HasSubstr("no list of trials"));
    EXPECT_THAT(refused("[]\n"), HasSubstr("damaged"));
    EXPECT_THAT(refused(good.substr(0, good.size() - 20)), HasSubstr("damaged"));
    EXPECT_THAT(refused(good.substr(0, header_end)), HasSubstr("missing or changed"));
    EXPECT_THAT(refused(good.substr(0, header_end) + "{}\n"), HasSubstr("grid.jsonl:2: this line holds no trial"));
    EXPECT_THAT(refused(good + "not json\n"), HasSubstr("damaged"));
    std::string other = good;
    other.replace(other.find("\"version\":1"), 11, "\"version\":9");
    EXPECT_THAT(refused(other), HasSubstr("another version"));
}

TEST_F(GridFile, HashDependsOnKeysAndOrder) {
    Grid swapped = grid_;
    std::swap(swapped.trials[0], swapped.trials[1]);
    EXPECT_NE(grid_hash(swapped), grid_hash(grid_));
    Grid fewer = grid_;
    fewer.trials.pop_back();
    EXPECT_NE(grid_hash(fewer), grid_hash(grid_));
}

}  // namespace
}  // namespace layersweep
