#include "tests/orchestrator/config/sweep_file.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> texts(const Axis& axis) {
    std::vector<std::string> out;
    for (const auto& values : axis.values) {
        for (const auto& value : values) out.push_back(value.text);
    }
    return out;
}

/// The good grid with more lines in it.
std::string grid_and(const std::string& line) {
    return head + grid + line + "\n";
}

TEST(GridSection, AxesKeepTheOrderOfTheFile) {
    const SweepFolder folder;
    const auto config = folder.load(head +
                                    "grid:\n  seed: [3]\n  learning_rate: [1e-5, 5.0e-5]\n  mode: lm\n  model: small\n"
                                    "  dataset: trec\n  layers: [all, 0]\n  gang: [1, 2]\n");
    std::vector<std::string> names;
    for (const auto& axis : config.axes) names.push_back(axis.names.at(0));
    EXPECT_THAT(names, ElementsAre("seed", "learning_rate", "mode", "model", "dataset", "layers", "gang"));
    EXPECT_THAT(texts(config.axes[1]), ElementsAre("1e-5", "5.0e-5"));
    EXPECT_EQ(config.axes[1].values[1][0].place.line, 10);
    EXPECT_EQ(config.axes[1].values[1][0].place.column, 25);
}

TEST(GridSection, ListSettingsCanBeAnAxis) {
    const SweepFolder folder;
    EXPECT_THAT(texts(folder.load(grid_and("  betas: [[0.9, 0.99], [0.8, 0.9]]")).axes.back()), ElementsAre("[0.9, 0.99]", "[0.8, 0.9]"));
}

TEST(GridSection, ZipAxisSetsSeveralNames) {
    const SweepFolder folder;
    const auto config = folder.load(head +
                                    "grid:\n  zip: [{model: small, learning_rate: 1e-5}, {learning_rate: 3e-5, model: big}]\n"
                                    "  dataset: [sst2]\n  mode: [lm]\n  layers: [1]\n  seed: [0]\n");
    EXPECT_THAT(config.axes[0].names, ElementsAre("model", "learning_rate"));
    EXPECT_THAT(texts(config.axes[0]), ElementsAre("small", "1e-5", "big", "3e-5"));
}

TEST(GridSection, BadZipsAreRefused) {
    EXPECT_THAT(refusal(grid_and("  zip: []")), HasSubstr("zip axis has no values"));
    EXPECT_THAT(refusal(grid_and("  zip: [{batch: 1}, {epochs: 1}]")), HasSubstr("unknown key 'epochs'"));
    EXPECT_THAT(refusal(grid_and("  zip: [{batch: 1, epochs: 1}, {epochs: 1}]")), HasSubstr("'grid.zip.batch' is missing"));
    EXPECT_THAT(refusal(grid_and("  zip: [{model: small}]")), HasSubstr("'model' is set by two axes"));
    EXPECT_THAT(refusal(grid_and("  zip: {batch: [1, 2]}")), HasSubstr("grid.zip is a map"));
    EXPECT_THAT(refusal(grid_and("  zip: [{bacth: 1}]")), HasSubstr("did you mean 'batch'?"));
}

TEST(GridSection, ValuesThatNameNoModelOrDatasetGetTheNearest) {
    EXPECT_THAT(refusal(head + "grid: { model: [smal], dataset: sst2, mode: lm, layers: 1, seed: 0 }\n"),
                AllOf(StartsWith("sweep.yaml:8:17: no model is called 'smal'"), HasSubstr("did you mean 'small'?")));
    EXPECT_THAT(refusal(head + "grid: { model: small, dataset: [sst3], mode: lm, layers: 1, seed: 0 }\n"),
                HasSubstr("did you mean 'sst2'?"));
}

TEST(GridSection, BadAxisValuesAreRefused) {
    EXPECT_THAT(refusal(head + "grid:\n  mode: [pcls]\n"), HasSubstr("did you mean 'p-cls'?"));
    EXPECT_THAT(refusal(head + "grid:\n  layers: [-1]\n"), HasSubstr("is no value for layers"));
    EXPECT_THAT(refusal(head + "grid:\n  layers: [1.5]\n"), HasSubstr("is no value for layers"));
    EXPECT_THAT(refusal(head + "grid:\n  seed: [-1]\n"), HasSubstr("is no value for seed"));
    EXPECT_THAT(refusal(head + "grid:\n  seed: [18446744073709551616]\n"), HasSubstr("is no value for seed"));
    EXPECT_THAT(refusal(head + "grid:\n  seed: []\n"), HasSubstr("grid.seed is an empty list"));
    EXPECT_THAT(refusal(head + "grid:\n  seed:\n"), HasSubstr("grid.seed is nothing"));
    EXPECT_THAT(refusal(head + "grid:\n  learning_rate: [1e-5, .nan]\n"), StartsWith("sweep.yaml:9:25: "));
}

TEST(GridSection, UnknownAxesAndRunSettingsAreRefused) {
    EXPECT_THAT(refusal(grid_and("  learning_rat: [1]")),
                AllOf(StartsWith("sweep.yaml:14:3: "), HasSubstr("did you mean 'learning_rate'?")));
    EXPECT_THAT(refusal(grid_and("  workers: [1, 2]")), HasSubstr("'workers' cannot be an axis"));
    EXPECT_THAT(refusal(grid_and("  vocabulary: [auto, off]")), HasSubstr("'vocabulary' cannot be an axis"));
}

TEST(GridSection, MissingAxisIsNamed) {
    EXPECT_THAT(refusal(head + "grid: { model: small, dataset: sst2, mode: lm, layers: 1 }\n"), HasSubstr("the grid has no axis 'seed'"));
}

TEST(GridSection, RulesAreReadWithListsAndSingleValues) {
    const SweepFolder folder;
    const auto config =
        folder.load(grid_and("exclude:\n  - { model: small, layers: [1, all] }\n"
                             "override:\n  - match: { mode: cls }\n    set: { epochs: 20, betas: [0.9, 0.99] }"));
    ASSERT_EQ(config.exclude.size(), 1u);
    EXPECT_EQ(config.exclude[0].keys[1].first, "layers");
    EXPECT_EQ(config.exclude[0].keys[1].second[1].text, "all");
    ASSERT_EQ(config.overrides.size(), 1u);
    EXPECT_EQ(config.overrides[0].match.keys[0].second[0].text, "cls");
    EXPECT_EQ(config.overrides[0].set[1].second.text, "[0.9, 0.99]");
}

TEST(GridSection, BadExcludesAreRefused) {
    EXPECT_THAT(refusal(grid_and("exclude:\n  - { layer: 1 }")),
                AllOf(StartsWith("sweep.yaml:15:7: 'layer' is no axis"), HasSubstr("'layers'")));
    EXPECT_THAT(refusal(grid_and("exclude:\n  - { batch: 1 }")), HasSubstr("'batch' is no axis of this grid"));
    EXPECT_THAT(refusal(grid_and("exclude:\n  - { model: smal }")), HasSubstr("did you mean 'small'?"));
    EXPECT_THAT(refusal(grid_and("exclude:\n  - {}")), HasSubstr("matches every trial"));
    EXPECT_THAT(refusal(grid_and("exclude:\n  - { model: [] }")), HasSubstr("empty list"));
    EXPECT_THAT(refusal(grid_and("exclude: { model: small }")), HasSubstr("exclude is a map"));
}

TEST(GridSection, BadOverridesAreRefused) {
    const auto with_rule = [](const std::string& rule) { return refusal(grid_and("override:\n  - " + rule)); };
    EXPECT_THAT(with_rule("{ match: { mode: cls }, set: { layers: 3 } }"), HasSubstr("may not set the axis 'layers'"));
    EXPECT_THAT(with_rule("{ match: { mode: cls }, set: { epoch: 3 } }"), HasSubstr("did you mean 'epochs'?"));
    EXPECT_THAT(with_rule("{ match: { mode: cls }, set: { workers: 3 } }"), HasSubstr("unknown key 'workers'"));
    EXPECT_THAT(with_rule("{ match: { mode: cls }, set: { epochs: -3 } }"), HasSubstr("is no value for epochs"));
    EXPECT_THAT(with_rule("{ match: { mode: cls }, set: {} }"), HasSubstr("override.set is empty"));
    EXPECT_THAT(with_rule("{ match: { mode: cls } }"), HasSubstr("'override.set' is missing"));
    EXPECT_THAT(with_rule("{ set: { epochs: 1 } }"), HasSubstr("'override.match' is missing"));
    EXPECT_THAT(with_rule("{ match: { epochs: 1 }, set: { batch: 2 } }"), HasSubstr("'epochs' is no axis"));
    EXPECT_THAT(with_rule("{ match: { mode: cls }, sets: { batch: 2 } }"), HasSubstr("did you mean 'set'?"));
}

}  // namespace
}  // namespace layersweep
