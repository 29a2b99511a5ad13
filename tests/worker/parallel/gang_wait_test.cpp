#include "worker/parallel/gang_wait.hpp"

#include <gtest/gtest.h>

#include "worker/parallel/factory.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;

std::string text_of_the_loss(std::chrono::milliseconds timeout, const Interrupted& interrupted) {
    double waited_s = 0;
    GangWait waiting(timeout, interrupted, waited_s);
    try {
        while (true) waiting.pause([] { return "member 7"; });
    } catch (const CollectiveLost& lost) {
        return lost.what();
    }
}

TEST(GangWait, EndsWhenTheTimeIsUpAndSaysForWhom) {
    const auto text = text_of_the_loss(20ms, {});
    EXPECT_NE(text.find("in vain for member 7"), std::string::npos) << text;
}

TEST(GangWait, EndsWhenItIsInterrupted) {
    int asked = 0;
    const auto text = text_of_the_loss(10min, [&] { return ++asked == 3; });
    EXPECT_NE(text.find("abandoned while it waited for member 7"), std::string::npos) << text;
    EXPECT_EQ(asked, 3) << "it goes on until the answer is yes, and asks no more then";
}

TEST(GangWait, AsksRarely) {
    int asked = 0;
    const Interrupted never = [&] { return ++asked, false; };
    double waited_s = 0;
    GangWait waiting(10min, never, waited_s);
    for (int i = 0; i < 100; ++i) waiting.pause([] { return ""; });
    EXPECT_EQ(asked, 0) << "the first pauses are for an answer that is on its way";
}

TEST(GangWait, AddsItsSecondsHoweverItEnds) {
    double waited_s = 5;
    const Interrupted never;
    const auto wait_in_vain = [&] {
        GangWait waiting(20ms, never, waited_s);
        while (true) waiting.pause([] { return ""; });
    };
    EXPECT_THROW(wait_in_vain(), CollectiveLost);
    EXPECT_GE(waited_s, 5.02);
}

TEST(PlaceInGang, IsTheOrderOfTheAssignment) {
    const to_worker::Assign assign{.gang = {{5}, {2}, {9}}};
    EXPECT_EQ(place_in_gang({5}, assign), 0);
    EXPECT_EQ(place_in_gang({9}, assign), 2);
    EXPECT_THROW((void)place_in_gang({1}, assign), InvariantError);
}

TEST(CollectiveFactory, GivesAGangOfOneASoloCollectiveWithoutMpi) {
    const auto device = WorkerDevice::open(Device::cpu, 0, 1);
    const auto factory = collective_factory(device);
    const auto gang = factory->make({4}, {.gang = {{4}}}, {});
    EXPECT_EQ(gang->rank(), 0);
    EXPECT_EQ(gang->size(), 1);
    EXPECT_EQ(factory->fresh_nccl_id(), "") << "there is none on a CPU";
    EXPECT_THROW((void)factory->make({3}, {.gang = {{4}}}, {}), InvariantError);
}

}  // namespace
}  // namespace layersweep
