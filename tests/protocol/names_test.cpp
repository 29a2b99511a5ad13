#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {
namespace {

using testing::ElementsAre;

template <class Enum>
class Names : public testing::Test {};
using Enums = testing::Types<Mode, Precision, Loss, Init, Prune, Device, FailureReason>;
TYPED_TEST_SUITE(Names, Enums);

TYPED_TEST(Names, ParseIsTheInverseOfNameOf) {
    const auto all = names<TypeParam>();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto value = static_cast<TypeParam>(i);
        EXPECT_EQ(name_of(value), all[i]);
        EXPECT_EQ(parse<TypeParam>(all[i]), value);
    }
}

TYPED_TEST(Names, AnyOtherTextIsNoName) {
    for (const char* text : {"", "LM", "fp 32", "lm ", "automatic", "p_cls"}) EXPECT_EQ(parse<TypeParam>(text), std::nullopt) << text;
}

TEST(NamesOfTheSweepFile, AreThese) {
    EXPECT_THAT(names<Mode>(), ElementsAre("lm", "p-cls", "cls"));
    EXPECT_THAT(names<Precision>(), ElementsAre("fp32", "tf32", "bf16", "fp64"));
    EXPECT_THAT(names<Loss>(), ElementsAre("label-words", "vocabulary", "prompt"));
    EXPECT_THAT(names<Init>(), ElementsAre("pretrained", "random"));
    EXPECT_THAT(names<Prune>(), ElementsAre("first", "last", "alternate", "ends", "random"));
    EXPECT_THAT(names<Device>(), ElementsAre("auto", "cpu", "cuda"));
}

TEST(NamesOfFailureReasons, MatchTheirValues) {
    EXPECT_EQ(name_of(FailureReason::out_of_memory), "out-of-memory");
    EXPECT_EQ(name_of(FailureReason::not_a_number), "not-a-number");
    EXPECT_EQ(name_of(FailureReason::bad_data), "bad-data");
    EXPECT_EQ(name_of(FailureReason::worker_lost), "worker-lost");
    EXPECT_EQ(name_of(FailureReason::infrastructure), "infrastructure");
    EXPECT_EQ(name_of(FailureReason::internal), "internal");
}

}  // namespace
}  // namespace layersweep
