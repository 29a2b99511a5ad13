#include <gtest/gtest.h>

#include <csignal>

#include "tests/worker/parallel/gang_payload.hpp"
#include "worker/parallel/factory.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr std::int64_t count = 1'000'003;

/// One reduction of `gang`; the bits are checked.
void reduce(Collective& gang, const to_worker::Assign& assign) {
    auto flat = payload_of<float>(self(), assign.epoch, count);
    gang.all_reduce_sum(flat);
    EXPECT_EQ(wrong_sums<float>(flat, assign.gang, assign.epoch), 0);
}

TEST(MpiMemberLoss, IsThrownAtEveryOtherAndTheSurvivorsCanFormAGang) {
    const auto factory = mpi_collective_factory(60s);
    const WorkerId victim{1};
    const auto with_victim = assignment(all_ranks());
    {
        const auto gang = factory->make(self(), with_victim, {});
        for (int turn = 0; turn < 3; ++turn) reduce(*gang, with_victim);
        const auto flat = payload_of<float>(self(), with_victim.epoch, count);
        gang->start_sum(flat.narrow(0, count / 2, count - count / 2));
        if (self() == victim) raise(SIGKILL);
        gang->start_sum(flat.narrow(0, 0, count / 2));
        try {
            gang->finish_sums();
            FAIL() << "a sum without the dead member";
        } catch (const CollectiveLost& lost) {
            EXPECT_NE(std::string(lost.what()).find("(rank 1) is dead"), std::string::npos) << lost.what();
        }
    }
    auto survivors = all_ranks();
    std::erase(survivors, victim);
    const auto without_victim = assignment(survivors);
    const auto gang = factory->make(self(), without_victim, {});
    for (int turn = 0; turn < 3; ++turn) reduce(*gang, without_victim);
}

}  // namespace
}  // namespace layersweep
