#include "tests/orchestrator/grid/grid_builder.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Expand, FirstAxisIsSlowestInFileOrder) {
    const auto grid = grid_of("grid: { seed: [7, 3], mode: [cls, lm], model: tiny, dataset: trec, layers: [2, 1] }\n");
    EXPECT_THAT(labels(grid),
                ElementsAre("model=tiny,dataset=trec,mode=cls,layers=2,seed=7", "model=tiny,dataset=trec,mode=cls,layers=1,seed=7",
                            "model=tiny,dataset=trec,mode=lm,layers=2,seed=7", "model=tiny,dataset=trec,mode=lm,layers=1,seed=7",
                            "model=tiny,dataset=trec,mode=cls,layers=2,seed=3", "model=tiny,dataset=trec,mode=cls,layers=1,seed=3",
                            "model=tiny,dataset=trec,mode=lm,layers=2,seed=3", "model=tiny,dataset=trec,mode=lm,layers=1,seed=3"));
    EXPECT_EQ(grid.sweep, "test");
    EXPECT_THAT(grid.notices, IsEmpty());
    for (const auto& trial : grid.trials) EXPECT_EQ(trial.key, key_of(trial));
}

TEST(Expand, AllLayersAreTheModelsOwnCount) {
    const auto grid = grid_of("grid: { model: [small, tiny], dataset: trec, mode: lm, layers: [0, all], seed: 0 }\n");
    EXPECT_THAT(labels(grid),
                ElementsAre("model=small,dataset=trec,mode=lm,layers=0,seed=0", "model=small,dataset=trec,mode=lm,layers=4,seed=0",
                            "model=tiny,dataset=trec,mode=lm,layers=0,seed=0", "model=tiny,dataset=trec,mode=lm,layers=2,seed=0"));
}

TEST(Expand, OtherAxesAreNamedAndPrintedInOneSpelling) {
    const auto grid = grid_of(one("  learning_rate: [1.0e-3, 0.00002]\n  zip: [{batch: 2, gang: 2}]\n"));
    EXPECT_THAT(grid.axis_names, ElementsAre("learning_rate", "batch", "gang"));
    EXPECT_THAT(labels(grid), ElementsAre("model=small,dataset=trec,mode=lm,layers=1,seed=0,learning_rate=0.001,batch=2,gang=2",
                                          "model=small,dataset=trec,mode=lm,layers=1,seed=0,learning_rate=2e-05,batch=2,gang=2"));
    EXPECT_EQ(grid.trials[1].training.learning_rate, 0.00002);
    EXPECT_EQ(grid.trials[1].resources.gang, 2);
}

TEST(Expand, AxisWinsOverTraining) {
    EXPECT_EQ(grid_of(one("  batch: [4]\n", "training: { batch: 8 }\n")).trials[0].training.batch, 4);
}

TEST(Expand, ZipMovesTogether) {
    const auto grid =
        grid_of("grid: { zip: [{model: tiny, layers: 2}, {model: small, layers: 4}], dataset: trec, mode: lm, seed: [0, 1] }\n");
    EXPECT_EQ(grid.trials.size(), 4u);
    EXPECT_EQ(label_of(grid.trials[2]), "model=small,dataset=trec,mode=lm,layers=4,seed=0");
}

TEST(Expand, ExcludeMatchesAllKeysOfOneEntry) {
    const std::string axes = "grid: { model: [small, tiny], dataset: trec, mode: lm, layers: [1, all], seed: [0, 1] }\n";
    const auto grid = grid_of(axes + "exclude:\n  - { model: tiny, layers: [2, 4] }\n  - { model: small, seed: 1 }\n");
    EXPECT_THAT(labels(grid),
                ElementsAre("model=small,dataset=trec,mode=lm,layers=1,seed=0", "model=small,dataset=trec,mode=lm,layers=4,seed=0",
                            "model=tiny,dataset=trec,mode=lm,layers=1,seed=0", "model=tiny,dataset=trec,mode=lm,layers=1,seed=1"));
}

TEST(Expand, ExcludeComparesValuesAndNotSpellings) {
    EXPECT_EQ(grid_of(one("  learning_rate: [1e-3, 1e-4]\n", "exclude:\n  - { learning_rate: 0.001 }\n")).trials.size(), 1u);
}

TEST(Expand, RulesThatMatchNothingAreNoticed) {
    const auto grid = grid_of(one("", "exclude:\n  - { layers: 3 }\noverride:\n  - { match: { mode: cls }, set: { epochs: 1 } }\n"));
    EXPECT_THAT(grid.notices, ElementsAre(HasSubstr("exclude matches no trial"), HasSubstr("override matches no trial")));
}

TEST(Expand, NothingLeftIsRefused) {
    EXPECT_THAT(refusal_of(one("", "exclude:\n  - { seed: 0 }\n")), HasSubstr("leaves no trial"));
}

TEST(Expand, LaterOverridesWin) {
    const auto grid = grid_of(
        "grid: { model: small, dataset: trec, mode: [lm, cls], layers: 1, seed: 0 }\n"
        "override:\n  - { match: { mode: cls }, set: { epochs: 20, batch: 2 } }\n"
        "  - { match: { layers: 1 }, set: { epochs: 30 } }\n");
    EXPECT_EQ(grid.trials[0].training.epochs, 30);
    EXPECT_EQ(grid.trials[0].training.batch, 1);
    EXPECT_EQ(grid.trials[1].training.epochs, 30);
    EXPECT_EQ(grid.trials[1].training.batch, 2);
}

TEST(Expand, MoreLayersThanTheModelHasNamesExclude) {
    EXPECT_THAT(
        refusal_of("grid: { model: [small, tiny], dataset: trec, mode: lm, layers: [1, 4], seed: 0 }\n"),
        AllOf(HasSubstr("sweep.yaml:4:68: tiny has 2 blocks, so 4 cannot be kept"), HasSubstr("exclude: - { model: tiny, layers: 4 }")));
    EXPECT_EQ(grid_of("grid: { model: [small, tiny], dataset: trec, mode: lm, layers: [1, 4], seed: 0 }\n"
                      "exclude: [{ model: tiny, layers: 4 }]\n")
                  .trials.size(),
              3u);
}

TEST(Expand, BatchHasToDivideByTheGang) {
    EXPECT_THAT(refusal_of(one("", "resources: { gang: 2 }\n")), AllOf(HasSubstr("sweep.yaml:10:20: "), HasSubstr("gang of 2")));
    EXPECT_THAT(refusal_of(one("  batch: [4, 6]\n", "resources: { gang: 4 }\n")), HasSubstr("a batch of 6"));
    EXPECT_EQ(grid_of(one("  batch: [4, 8]\n", "resources: { gang: 4 }\n")).trials.size(), 2u);
}

TEST(Expand, Tf32OnACpuIsRefusedWhereItIsWritten) {
    const std::string cpu = "resources: { device: cpu }\n";
    EXPECT_THAT(refusal_of(one("", "training: { precision: tf32 }\n" + cpu)),
                HasSubstr("sweep.yaml:10:24: precision tf32 is for GPUs, but the device is cpu"));
    EXPECT_THAT(refusal_of(one("  precision: [fp32, tf32]\n", cpu)), HasSubstr("sweep.yaml:10:21: precision tf32"));
    EXPECT_THAT(refusal_of(one("", cpu + "override:\n  - { match: { mode: lm }, set: { precision: tf32 } }\n")),
                HasSubstr("sweep.yaml:12:46: "));
    EXPECT_EQ(grid_of(one("  precision: [fp32, bf16]\n", cpu)).trials.size(), 2u);
    EXPECT_EQ(grid_of(one("  precision: tf32\n")).trials.size(), 1u);
}

TEST(Expand, DoublePrecisionOnAGpuIsRefused) {
    EXPECT_THAT(refusal_of(one("", "training: { precision: fp64 }\nresources: { device: cuda }\n")), HasSubstr("fp64 is for CPUs"));
    EXPECT_EQ(grid_of(one("", "training: { precision: fp64 }\nresources: { device: cpu }\n")).trials.size(), 1u);
}

TEST(Expand, EqualTrialsAreMergedWithANotice) {
    const auto grid =
        grid_of("grid: { model: tiny, dataset: trec, mode: [lm, cls], layers: [2, all], seed: 0, loss: [label-words, vocabulary] }\n");
    EXPECT_THAT(labels(grid), ElementsAre("model=tiny,dataset=trec,mode=lm,layers=2,seed=0,loss=label-words",
                                          "model=tiny,dataset=trec,mode=lm,layers=2,seed=0,loss=vocabulary",
                                          "model=tiny,dataset=trec,mode=cls,layers=2,seed=0,loss=label-words"));
    EXPECT_THAT(grid.notices, ElementsAre(AllOf(HasSubstr("5 trials are equal"), HasSubstr("layers=2,seed=0,loss=label-words"))));
}

TEST(Expand, PruneMattersOnlyWhereSomeBlocksGo) {
    EXPECT_EQ(grid_of(one("  prune: [first, last, ends]\n")).trials.size(), 3u);
    EXPECT_EQ(
        grid_of("grid: { model: small, dataset: trec, mode: lm, layers: [0, 4], seed: 0, prune: [last, first, random] }\n").trials.size(),
        2u);
}

TEST(Expand, RowCountsAreResolved) {
    EXPECT_EQ(grid_of("grid: { model: small, dataset: trec, mode: lm, layers: 1, seed: 0, test_rows: [500, 1000, all] }\n").trials.size(),
              1u);
    const auto trial = grid_of(one()).trials[0];
    EXPECT_EQ(trial.training.test_rows, 500);
    EXPECT_EQ(trial.training.validation_rows, 500);
    EXPECT_EQ(grid_of(one("  validation_rows: [same-as-test, 500, 1000]\n")).trials.size(), 2u);
}

TEST(Expand, ValidationFileIsUsedWhole) {
    Catalog catalog = small_catalog();
    catalog.datasets["trec"].validation_rows = 321;
    const auto grid = expand(sweep_of(one("  validation_rows: [same-as-test, 100]\n")), catalog);
    EXPECT_EQ(grid.trials[0].training.validation_rows, 321);
    EXPECT_EQ(grid.trials[1].training.validation_rows, 100);
}

TEST(Expand, HugeProductsAreRefusedBeforeTheyAreMade) {
    std::string seeds = "0";
    for (int i = 1; i < 1200; ++i) seeds += ", " + std::to_string(i);
    EXPECT_THAT(
        refusal_of("grid: { model: small, dataset: trec, mode: lm, layers: 1, seed: [" + seeds + "], shots: [" + seeds.substr(3) + "] }\n"),
        HasSubstr("more than 1000000 points"));
}

TEST(Expand, ResolvedFileGivesTheSameTrials) {
    const auto config = sweep_of(
        "grid: { model: [small, tiny], dataset: [trec, sst2], mode: [lm, cls], layers: [1, all], seed: [0, 5], dropout: [0.1, from-model] "
        "}\n"
        "exclude: [{ mode: cls, dropout: 1e-1 }]\noverride: [{ match: { mode: lm }, set: { learning_rate: 3.0e-4 } }]\n");
    const auto resolved = resolved_yaml(config);
    const test::TemporaryDirectory folder;
    const auto again = load_sweep(folder.write("resolved.yaml", resolved));
    EXPECT_EQ(grid_hash(expand(again, small_catalog())), grid_hash(expand(config, small_catalog())));
}

}  // namespace
}  // namespace layersweep
