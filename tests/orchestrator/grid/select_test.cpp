#include "tests/orchestrator/grid/grid_builder.hpp"

namespace layersweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Select : public testing::Test {
protected:
    Grid grid_ = grid_of(
        "grid: { model: [small, tiny], dataset: trec, mode: [lm, cls], layers: [1, all], seed: [0, 42], learning_rate: [1e-5, 3e-5], "
        "betas: [[0.9, 0.99], [0.8, 0.9]] }\nexclude: [{ model: tiny, mode: cls }]\n");

    [[nodiscard]] std::string refused(const std::string& pattern) const {
        return test::refusal([&] { (void)select(grid_, pattern); });
    }
};

TEST_F(Select, ByWholeKeyAndByPrefix) {
    const auto& trial = grid_.trials[5];
    ASSERT_EQ(select(grid_, trial.key.hex).size(), 1u);
    EXPECT_EQ(select(grid_, trial.key.hex)[0], &trial);
    EXPECT_EQ(select(grid_, trial.key.hex.substr(0, 12))[0], &trial);
    EXPECT_GE(select(grid_, trial.key.hex.substr(0, 1)).size(), 1u);
}

TEST_F(Select, ByItsOwnLabel) {
    for (const auto& trial : grid_.trials) {
        const auto found = select(grid_, label_of(trial));
        ASSERT_EQ(found.size(), 1u) << label_of(trial);
        EXPECT_EQ(found[0], &trial);
    }
}

TEST_F(Select, BySomeAxesInAnyOrderAndSpelling) {
    EXPECT_EQ(select(grid_, "layers=4").size(), 16u);
    EXPECT_EQ(select(grid_, "seed=42,model=tiny,learning_rate=0.00001").size(), 4u);
    EXPECT_EQ(select(grid_, "betas=[0.80, 0.9],model=tiny").size(), 8u);
}

TEST_F(Select, OneTrialWhereOnlyOneIsWanted) {
    EXPECT_EQ(select_one(grid_, label_of(grid_.trials[7])), 7u);
    EXPECT_THAT(test::refusal([&] { (void)select_one(grid_, "layers=4"); }), HasSubstr("'layers=4' names 16 trials"));
}

TEST_F(Select, WhatMatchesNothingIsExplainedWithTheNearestName) {
    EXPECT_THAT(refused("modle=small"), AllOf(HasSubstr("'modle' is no axis"), HasSubstr("did you mean 'model'?")));
    EXPECT_THAT(refused("model=smal"), AllOf(HasSubstr("no trial has model=smal"), HasSubstr("did you mean 'small'?")));
    EXPECT_THAT(refused("layers=all"), HasSubstr("Known: 1, 2, 4"));
    EXPECT_THAT(refused("learning_rate=fast"), HasSubstr("no trial has learning_rate=fast"));
    EXPECT_THAT(refused("model=tiny,mode=cls"), HasSubstr("not together"));
    EXPECT_THAT(refused("model=tiny,mode"), HasSubstr("not of the form"));
    EXPECT_THAT(refused("model=tiny,model=small"), HasSubstr("stands in it twice"));
    EXPECT_THAT(refused("zzz"), HasSubstr("no trial's key begins so"));
    EXPECT_THAT(refused(""), HasSubstr("no trial's key begins so"));
}

}  // namespace
}  // namespace layersweep
