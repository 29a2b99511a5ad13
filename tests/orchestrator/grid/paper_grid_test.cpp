#include "tests/orchestrator/grid/grid_builder.hpp"

#include <map>
#include <set>

#include "tests/support/scoped_variable.hpp"

namespace layersweep {
namespace {

Catalog paper_catalog() {
    Catalog catalog;
    catalog.models["gpt2-xl"] = {.ref = {"gpt2-xl", "", std::string(32, '1')}, .family = "gpt2", .layers = 48};
    catalog.models["opt-1.3b"] = {.ref = {"opt-1.3b", "", std::string(32, '2')}, .family = "opt", .layers = 24};
    const std::map<std::string, std::int64_t> test_rows{{"sst2", 872}, {"emoc", 5509}, {"trec", 500}, {"agnews", 7600}};
    for (const auto& [name, rows] : test_rows)
        catalog.datasets[name] = {.ref = {.name = name, .format = name, .fingerprint = name}, .test_rows = rows};
    return catalog;
}

TEST(PaperGrid, IsTheGridOfTheExperiment) {
    const test::ScopedVariable models("MODELS", "/models"), data("DATA", "/data");
    const auto config = load_sweep(LAYERSWEEP_SOURCE_DIR "/configs/paper.yaml");
    EXPECT_EQ(config.training, TrainingSettings{});
    const auto grid = expand(config, paper_catalog());
    EXPECT_EQ(grid.trials.size(), 540u);
    EXPECT_TRUE(grid.notices.empty());
    std::map<std::string, std::set<std::int64_t>> layers;
    std::set<std::uint64_t> seeds;
    for (const auto& trial : grid.trials) {
        layers[trial.model.name].insert(trial.layers);
        seeds.insert(trial.seed);
    }
    EXPECT_EQ(layers["gpt2-xl"], (std::set<std::int64_t>{1, 2, 12, 24, 48}));
    EXPECT_EQ(layers["opt-1.3b"], (std::set<std::int64_t>{1, 2, 12, 24}));
    EXPECT_EQ(seeds, (std::set<std::uint64_t>{0, 42, 421, 520, 1218}));
}

TEST(PaperGrid, TheFastOneIsTheSameGridOfOtherTrials) {
    const test::ScopedVariable models("MODELS", "/models"), data("DATA", "/data");
    const auto paper = load_sweep(LAYERSWEEP_SOURCE_DIR "/configs/paper.yaml");
    const auto fast = load_sweep(LAYERSWEEP_SOURCE_DIR "/configs/paper-fast.yaml");
    auto training = paper.training;
    training.batch = 32;
    training.dropout = 0;
    training.precision = Precision::bf16;
    EXPECT_EQ(fast.training, training);
    EXPECT_NE(fast.name, paper.name) << "their results go to other folders";
    const auto grid = expand(fast, paper_catalog()), slow = expand(paper, paper_catalog());
    ASSERT_EQ(grid.trials.size(), slow.trials.size());
    for (std::size_t i = 0; i < grid.trials.size(); ++i) {
        EXPECT_EQ(label_of(grid.trials[i]), label_of(slow.trials[i]));
        EXPECT_NE(grid.trials[i].key, slow.trials[i].key);
        const bool prompts = grid.trials[i].mode != Mode::cls;
        EXPECT_EQ(grid.trials[i].shortcuts, (Shortcuts{true, true, prompts, prompts}));
    }
}

}  // namespace
}  // namespace layersweep
