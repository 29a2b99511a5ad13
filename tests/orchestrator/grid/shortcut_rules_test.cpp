#include "orchestrator/grid/shortcut_rules.hpp"

#include "tests/orchestrator/grid/grid_builder.hpp"

namespace layersweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Shortcuts of_one(const std::string& axes, const std::string& sections = "training: { dropout: 0, batch: 4 }\n") {
    return grid_of(one(axes, sections)).trials.front().shortcuts;
}

TEST(ShortcutRules, AllAreOnWhereAllAreExact) {
    EXPECT_EQ(of_one(""), (Shortcuts{true, true, true, true}));
}

TEST(ShortcutRules, ALossThatReadsTheVocabularyKeepsItWhole) {
    EXPECT_EQ(of_one("  loss: vocabulary\n"), (Shortcuts{false, true, true, true}));
    EXPECT_EQ(of_one("  loss: prompt\n"), (Shortcuts{false, false, true, true}));
}

TEST(ShortcutRules, DropoutIsSharedInEvaluationOnly) {
    EXPECT_EQ(of_one("  dropout: 0.1\n", ""), (Shortcuts{true, true, true, false}));
    auto catalog = small_catalog();
    catalog.models["small"].drops_out = true;
    EXPECT_FALSE(expand(sweep_of(one()), catalog).trials.front().shortcuts.shared_prefix_in_training) << "dropout: from-model";
}

TEST(ShortcutRules, WhoIsAloneSharesNothing) {
    EXPECT_EQ(of_one("", "training: { dropout: 0, batch: 1 }\n"), (Shortcuts{true, true, true, false}));
    EXPECT_EQ(of_one("", "training: { dropout: 0, batch: 4 }\nresources: { gang: 4 }\n"), (Shortcuts{true, true, true, false}));
    EXPECT_EQ(of_one("", "training: { dropout: 0, batch: 1 }\nshortcuts: { shared_prefix: on }\n"), (Shortcuts{true, true, true, false}))
        << "exact, and of no use";
    EXPECT_EQ(of_one("", "training: { dropout: 0, batch: 4, demonstrations_per_class: 0 }\n"), (Shortcuts{true, true, false, false}));
}

TEST(ShortcutRules, ClsSharesNothing) {
    const auto grid = grid_of("grid:\n  model: small\n  dataset: trec\n  mode: [p-cls, cls]\n  layers: 1\n  seed: 0\n");
    EXPECT_TRUE(grid.trials[0].shortcuts.shared_prefix);
    EXPECT_FALSE(grid.trials[1].shortcuts.shared_prefix);
}

TEST(ShortcutRules, OffIsOff) {
    EXPECT_EQ(of_one("", "shortcuts: { vocabulary: off, label_position: off, shared_prefix: off }\ntraining: { batch: 4 }\n"), Shortcuts{});
}

TEST(ShortcutRules, OneThatIsAskedForByNameIsRefusedWhereItIsNotExact) {
    const auto why = refusal_of(one("", "training: { dropout: 0.1, batch: 4 }\nshortcuts: { shared_prefix: on }\n"));
    EXPECT_THAT(why, HasSubstr("sweep.yaml:11:"));
    EXPECT_THAT(why, HasSubstr("shortcuts.shared_prefix is on, but is not exact for a trial"));
    EXPECT_THAT(why, HasSubstr("dropout differs from row to row"));
    EXPECT_THAT(why, HasSubstr("the trial is model=small"));
    EXPECT_EQ(of_one("", "training: { dropout: 0, batch: 4 }\nshortcuts: { shared_prefix: on }\n"), (Shortcuts{true, true, true, true}));
}

TEST(ShortcutRules, AreNoPartOfTheKey) {
    const auto on = grid_of(one()), off = grid_of(one("", "shortcuts: { vocabulary: off }\n"));
    EXPECT_EQ(on.trials.front().key, off.trials.front().key);
}

TEST(ShortcutRules, PlanSaysWhichAreOnAndWhyNot) {
    const auto sweep = sweep_of(
        "grid:\n  model: small\n  dataset: trec\n  mode: [lm, cls]\n  layers: 1\n  seed: 0\n"
        "training: { dropout: 0, batch: 4 }\nshortcuts: { label_position: off }\n");
    EXPECT_THAT(shortcut_lines(sweep, expand(sweep, small_catalog()), small_catalog()),
                ElementsAre("vocabulary: on", "label_position: off, as the sweep file says",
                            "shared_prefix in evaluation: on for 1 of 2 trials; not for 1: cls feeds the text alone: nothing is shared",
                            "shared_prefix in training: on for 1 of 2 trials; not for 1: cls feeds the text alone: nothing is shared"));
}

}  // namespace
}  // namespace layersweep
