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

}  // namespace
}  // namespace layersweep
