#include "orchestrator/config/suggestion.hpp"

#include <gtest/gtest.h>

namespace layersweep {
namespace {

TEST(Suggestion, DistanceCountsEditsAndSwapsWithoutCase) {
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
    EXPECT_EQ(edit_distance("bacth", "batch"), 1u);
    EXPECT_EQ(edit_distance("OPT-1.3B", "opt-1.3b"), 0u);
}

TEST(Suggestion, NearestIsTheClosestAndNothingFarIsOffered) {
    EXPECT_EQ(nearest_name("epoch", {"epsilon", "epochs", "shots"}), "epochs");
    EXPECT_EQ(nearest_name("learning-rate", {"learning_rate", "weight_decay"}), "learning_rate");
    EXPECT_EQ(nearest_name("banana", {"epochs", "shots"}), std::nullopt);
    EXPECT_EQ(nearest_name("", {"a"}), std::nullopt);
}

TEST(Suggestion, HugeWordsAreNotCompared) {
    EXPECT_EQ(nearest_name(std::string(1'000'000, 'a'), {"a"}), std::nullopt);
}

TEST(Suggestion, TextNamesWhatIsKnown) {
    EXPECT_EQ(suggestion("lmm", {"lm", "cls"}), "did you mean 'lm'? Known: lm, cls");
    EXPECT_EQ(suggestion("lmm", {}), "there is none yet");
}

}  // namespace
}  // namespace layersweep
