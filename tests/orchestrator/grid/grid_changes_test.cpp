#include "orchestrator/grid/grid_changes.hpp"

#include "tests/orchestrator/grid/grid_builder.hpp"

namespace layersweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string axes = "grid: { model: [small, tiny], dataset: trec, mode: [lm, cls], layers: [1, 2], seed: 0 }\n";

Grid grid_with(const std::string& text, const Catalog& catalog = small_catalog()) {
    return expand(sweep_of(text), catalog);
}

TEST(GridChanges, TheSameFileChangesNothing) {
    const auto changes = grid_changes(grid_of(axes), grid_of(axes + "resources: { threads_per_worker: 2 }\n"));
    EXPECT_FALSE(changes.any()) << "where a trial runs is not what it is";
    EXPECT_EQ(changes.staying.size(), 8u);
    EXPECT_THAT(changes.reasons, IsEmpty());
}

TEST(GridChanges, AxesThatGrowAndShrink) {
    const Grid before = grid_of(axes);
    const Grid after = grid_of("grid: { model: small, dataset: trec, mode: [lm, cls], layers: [1, 2, 3], seed: 0 }\n");
    const auto changes = grid_changes(before, after);
    EXPECT_EQ(changes.staying.size(), 4u);
    ASSERT_EQ(changes.added.size(), 2u);
    for (const auto i : changes.added) EXPECT_EQ(after.trials[i].layers, 3);
    ASSERT_EQ(changes.gone.size(), 4u);
    for (const auto i : changes.gone) EXPECT_EQ(before.trials[i].model.name, "tiny");
    EXPECT_THAT(changes.reasons, IsEmpty());
    EXPECT_EQ(counts_text(changes, 3), "4 trials stay (3 with results), 2 are new, 4 are gone (their results stay in the ledger)");
}

TEST(GridChanges, AModelOfOtherContentUnderTheSamePathIsNamed) {
    Catalog catalog = small_catalog();
    catalog.models["tiny"].ref.fingerprint = std::string(32, 'e');
    const auto changes = grid_changes(grid_of(axes), grid_with(axes, catalog));
    EXPECT_EQ(changes.staying.size(), 4u);
    EXPECT_EQ(changes.added.size(), 4u);
    EXPECT_EQ(changes.gone.size(), 4u);
    EXPECT_THAT(changes.reasons, ElementsAre("model tiny (/m/tiny) is not the one of the earlier results: 4 trials are new"));
}

TEST(GridChanges, ADataSetOfOtherContentIsNamed) {
    Catalog catalog = small_catalog();
    catalog.datasets["trec"].ref.fingerprint = std::string(32, 'e');
    catalog.datasets["trec"].ref.folder = "/d/trec";
    EXPECT_THAT(grid_changes(grid_of(one()), grid_with(one(), catalog)).reasons,
                ElementsAre("data set trec (/d/trec) is not the one of the earlier results: 1 trial is new"));
}

TEST(GridChanges, AChangedSettingIsToldWithBothValues) {
    const auto changes = grid_changes(grid_of(axes + "training: { learning_rate: 5.0e-5, epochs: 3 }\n"),
                                      grid_of(axes + "training: { learning_rate: 1.0e-3, epochs: 3, loss: prompt }\n"));
    EXPECT_THAT(changes.reasons, ElementsAre("learning_rate is 0.001, it was 5e-05: 8 trials are new",
                                             "loss is \"prompt\", it was \"label-words\": 4 trials are new"));
    EXPECT_EQ(counts_text(changes, 0), "0 trials stay (0 with results), 8 are new, 8 are gone (their results stay in the ledger)");
}

TEST(GridChanges, OneTrialIsToldInTheSingular) {
    const GridChanges changes{.staying = {0}, .added = {1}, .gone = {1}};
    EXPECT_EQ(counts_text(changes, 1), "1 trial stays (1 with results), 1 is new, 1 is gone (their results stay in the ledger)");
}

}  // namespace
}  // namespace layersweep
