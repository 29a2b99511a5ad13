#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/worker/parallel/gang_payload.hpp"
#include "worker/parallel/factory.hpp"

namespace layersweep {
namespace {

using namespace std::chrono_literals;
using namespace test;

const std::vector<std::int64_t> odd_lengths{0, 1, 3, 1'000'003};

template <class T>
void expect_sums(Collective& gang, const to_worker::Assign& assign, std::int64_t count) {
    auto flat = payload_of<T>(self(), assign.epoch, count);
    gang.all_reduce_sum(flat);
    EXPECT_EQ(wrong_sums<T>(flat, assign.gang, assign.epoch), 0) << count << " numbers of " << sizeof(T) << " bytes";
}

void expect_sums_of_all_kinds(const to_worker::Assign& assign) {
    const auto factory = mpi_collective_factory(60s);
    const auto gang = factory->make(self(), assign, {});
    ASSERT_EQ(gang->size(), static_cast<int>(assign.gang.size()));
    ASSERT_EQ(assign.gang[static_cast<std::size_t>(gang->rank())], self());
    for (const auto count : odd_lengths) {
        expect_sums<float>(*gang, assign, count);
        expect_sums<double>(*gang, assign, count);
    }
}

TEST(MpiCollective, AddsInTheGangsOrderBitForBitOnEveryRank) {
    expect_sums_of_all_kinds(assignment(all_ranks()));
}

/// Begins the sums of a buffer in pieces, from its end.
void start_in_pieces(Collective& gang, const at::Tensor& flat, const std::vector<std::int64_t>& begins) {
    auto end = flat.numel();
    for (const auto begin : begins) {
        gang.start_sum(flat.narrow(0, begin, end - begin));
        end = begin;
    }
}

TEST(MpiCollective, PiecesHaveTheBitsOfOneSumHoweverTheyAreCut) {
    const auto assign = assignment(all_ranks());
    const auto gang = mpi_collective_factory(60s)->make(self(), assign, {});
    for (const auto& begins : {std::vector<std::int64_t>{0}, {999'999, 999'998, 600'001, 17, 0}, {300'000, 300'000, 0}}) {
        auto flat = payload_of<float>(self(), assign.epoch, 1'000'003);
        start_in_pieces(*gang, flat, begins);
        gang->finish_sums();
        EXPECT_EQ(wrong_sums<float>(flat, assign.gang, assign.epoch), 0) << begins.size() << " pieces";
        gang->finish_sums();  // nothing is left to do
        EXPECT_EQ(wrong_sums<float>(flat, assign.gang, assign.epoch), 0);
    }
}

TEST(MpiCollective, TheSlowestMembersOrderOfArrivalChangesNoBits) {
    const auto assign = assignment(all_ranks());
    const auto gang = mpi_collective_factory(60s)->make(self(), assign, {});
    for (int late = 0; late < mpi_session().size(); ++late) {
        auto flat = payload_of<float>(self(), assign.epoch, 300'000);
        start_in_pieces(*gang, flat, {200'000, 0});
        if (self().rank == late) std::this_thread::sleep_for(30ms);
        gang->finish_sums();
        EXPECT_EQ(wrong_sums<float>(flat, assign.gang, assign.epoch), 0) << "rank " << late << " came last";
    }
    EXPECT_GT(gang->waited_s(), 0);
}

TEST(MpiCollective, FollowsTheOrderOfTheGangNotOfTheRanks) {
    auto backwards = all_ranks();
    std::reverse(backwards.begin(), backwards.end());
    expect_sums_of_all_kinds(assignment(backwards));
}

TEST(MpiCollective, TheOrderCanBeSeenInThePayload) {
    if (mpi_session().size() < 3) GTEST_SKIP() << "two numbers have the same sum in both orders";
    auto gang = all_ranks();
    const auto assign = assignment(gang);
    auto flat = payload_of<float>(self(), assign.epoch, 1000);
    mpi_collective_factory(60s)->make(self(), assign, {})->all_reduce_sum(flat);
    std::reverse(gang.begin(), gang.end());
    EXPECT_GT(wrong_sums<float>(flat, gang, assign.epoch), 0);
}

TEST(MpiCollective, GangsSideBySideDoNotMix) {
    if (mpi_session().size() < 4) GTEST_SKIP() << "two gangs of two need four ranks";
    const auto inner = assignment({{1}, {2}});
    const auto outer = assignment({{3}, {0}});
    const bool is_inner = self() == WorkerId{1} || self() == WorkerId{2};
    for (int turn = 0; turn < 5; ++turn) expect_sums_of_all_kinds(is_inner ? inner : outer);
}

TEST(MpiCollective, BackToBackAssignmentsDoNotMix) {
    for (int turn = 0; turn < 20; ++turn) {
        const auto assign = assignment(all_ranks());
        const auto gang = mpi_collective_factory(60s)->make(self(), assign, {});
        expect_sums<float>(*gang, assign, 10 + turn);
        expect_sums<double>(*gang, assign, 300'000);
    }
}

TEST(MpiCollective, WhatAnAbandonedAttemptSentIsNotTakenForTheNextOnes) {
    const auto factory = mpi_collective_factory(60s);
    for (const std::int64_t count : {5, 1'000'003}) {  // small messages are already there, of large ones only the announcement
        const auto abandoned = assignment(all_ranks());
        if (self() != WorkerId{0}) {
            int asked = 0;
            const auto gang = factory->make(self(), abandoned, [&] { return ++asked == 5; });
            auto flat = payload_of<float>(self(), abandoned.epoch, count);
            EXPECT_THROW(gang->all_reduce_sum(flat), CollectiveLost);
        }
        const auto next = assignment(all_ranks());
        const auto gang = factory->make(self(), next, {});
        for (int turn = 0; turn < 3; ++turn) expect_sums<float>(*gang, next, count);
    }
}

/// Sums in front, payload behind: the reduction was left between two of its rounds.
bool left_in_the_middle(const at::Tensor& flat, const to_worker::Assign& assign) {
    const auto last = flat.numel() - 1;
    return flat.data_ptr<float>()[last] == value_of<float>(self(), assign.epoch, last) &&
           flat.data_ptr<float>()[0] != value_of<float>(self(), assign.epoch, 0);
}

TEST(MpiCollective, AfterAttemptsLeftInTheMiddleOfASumTheNextOnesAreRight) {
    const auto factory = mpi_collective_factory(60s);
    const std::int64_t round = mpi_session().size() * (std::int64_t{1} << 18);  // floats that the members exchange at once
    for (int rounds = 1; rounds <= 6; ++rounds) {
        const auto abandoned = assignment(all_ranks());
        const bool leaves_first = self().rank == rounds % mpi_session().size();
        {
            auto flat = payload_of<float>(self(), abandoned.epoch, leaves_first ? rounds * round : 8 * round);
            const auto last_common = rounds * round - 1;
            const auto gang = factory->make(self(), abandoned, [&] {
                return !leaves_first && flat.data_ptr<float>()[last_common] != value_of<float>(self(), abandoned.epoch, last_common);
            });
            if (leaves_first) {
                gang->all_reduce_sum(flat);
            } else {
                EXPECT_THROW(gang->all_reduce_sum(flat), CollectiveLost);
                EXPECT_TRUE(left_in_the_middle(flat, abandoned)) << "else this test shows nothing";
            }
        }
        const auto next = assignment(all_ranks());
        const auto gang = factory->make(self(), next, {});
        for (int turn = 0; turn < 2; ++turn) expect_sums<float>(*gang, next, 1'000'003);
    }
}

TEST(MpiCollective, AMemberThatNeverComesIsNamed) {
    const auto assign = assignment(all_ranks());
    const WorkerId absent = all_ranks().back();
    if (self() != absent) {
        const auto gang = mpi_collective_factory(200ms)->make(self(), assign, {});
        auto flat = payload_of<double>(self(), assign.epoch, 1'000'003);
        try {
            gang->all_reduce_sum(flat);
            FAIL() << "a sum without all members";
        } catch (const CollectiveLost& lost) {
            EXPECT_NE(std::string(lost.what()).find("in vain"), std::string::npos) << lost.what();
            EXPECT_GE(gang->waited_s(), 0.2) << "the whole timeout was spent on waiting";
        }
    }
    expect_sums_of_all_kinds(assignment(all_ranks()));
}

TEST(MpiCollective, RefusesTensorsThatItCannotAdd) {
    const auto gang = mpi_collective_factory(60s)->make(self(), assignment(all_ranks()), {});
    auto integers = at::empty({4}, at::TensorOptions().dtype(at::kLong));
    auto square = at::empty({2, 2}, at::TensorOptions().dtype(at::kFloat));
    auto strided = at::empty({8}, at::TensorOptions().dtype(at::kFloat)).as_strided({4}, {2});
    for (auto* flat : {&integers, &square, &strided}) EXPECT_THROW(gang->all_reduce_sum(*flat), InvariantError);
}

}  // namespace
}  // namespace layersweep
