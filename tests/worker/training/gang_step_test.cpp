// One step of a gang: buckets that are summed while the backward pass goes on, shares balanced by tokens, votes.
#include "worker/training/gang_step.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/thread_collective.hpp"
#include "tests/worker/training/tiny_trial.hpp"
#include "worker/training/optimizer.hpp"

namespace layersweep::test {
namespace {

constexpr std::int64_t each_block_alone = 1;  // bytes
constexpr int steps = 50;

using Batch = std::vector<const EncodedRow*>;

/// Batches of 5, 5, 3, 5, 1 rows and so on: no gang of 2 or 3 divides them, and some have fewer rows than members.
std::vector<Batch> uneven_batches(const EncodedTask& task) {
    std::vector<Batch> batches(static_cast<std::size_t>(steps));
    std::size_t next = 0;
    for (int step = 0; step < steps; ++step)
        for (int row = 0, rows = step % 5 == 4 ? 1 : step % 5 == 2 ? 3 : 5; row < rows; ++row)
            batches[std::size_t(step)].push_back(&task.training[next++ % task.training.size()]);
    return batches;
}

/// What one member had in the end.
struct Outcome {
    std::vector<double> losses;
    at::Tensor weights;
    std::string hash;
};

Outcome train(const Trial& trial, Collective& gang, std::int64_t bucket_bytes) {
    auto store = cold_store();
    const auto task = store.task(trial);
    CutModel model(trial, *task, store);
    AdamW optimizer(model.parameters(), trial.training);
    Outcome trained;
    PhaseClock clock{model.device()};
    Timings timings;
    for (const auto& rows : uneven_batches(*task)) {
        const auto draw = DropoutDraw{.seed = trial.seed, .step = std::int64_t(trained.losses.size()), .rank = gang.rank()};
        clock.begin();
        trained.losses.push_back(gang_backward(model, gang, rows, draw, WhatNext::go_on, clock, timings, bucket_bytes).loss);
        optimizer.step(model.parameters());
    }
    trained.weights = model.parameters().values().clone();
    trained.hash = model.parameters().hash();
    return trained;
}

std::vector<Outcome> train_together(const Trial& trial, int size, std::int64_t bucket_bytes) {
    std::vector<Outcome> members(static_cast<std::size_t>(size));
    run_gang(size, [&](Collective& gang) { members[std::size_t(gang.rank())] = train(trial, gang, bucket_bytes); });
    return members;
}

struct Case {
    std::string name, family;
    Mode mode;
    Loss loss;
    Shortcuts shortcuts;
    int size;
};

std::vector<Case> cases() {
    std::vector<Case> all;
    const auto add = [&](const std::string& task, Mode mode, Loss loss) {
        const bool compacts = loss == Loss::label_words, reads_ends = loss != Loss::prompt;
        for (const auto& family : tiny_models)
            for (const int size : {2, 3}) {
                const auto name = test_name(family) + "_" + task + "_" + std::to_string(size);
                all.push_back({name + "_plain", family, mode, loss, {}, size});
                all.push_back({name + "_shortcuts", family, mode, loss, {compacts, reads_ends, true, true}, size});
            }
    };
    add("lm", Mode::lm, Loss::label_words);
    add("vocabulary", Mode::lm, Loss::vocabulary);
    add("prompt", Mode::lm, Loss::prompt);
    add("p_cls", Mode::p_cls, Loss::label_words);
    add("cls", Mode::cls, Loss::label_words);
    return all;
}

class GangStepTest : public ::testing::TestWithParam<Case> {
protected:
    [[nodiscard]] Trial trial() const {
        auto trial = letters_trial(GetParam().family, GetParam().mode, dataset);
        trial.training.loss = GetParam().loss;
        trial.shortcuts = GetParam().shortcuts;
        return trial;
    }
    TinyDataset dataset;
};

TEST_P(GangStepTest, InBucketsItComputesWhatOneWorkerComputes) {
    const auto solo = train(trial(), *solo_collective(), gradient_bucket_bytes);
    const auto members = train_together(trial(), GetParam().size, each_block_alone);
    for (std::size_t step = 0; step < std::size_t(steps); ++step)
        EXPECT_NEAR(members[0].losses[step], solo.losses[step], rounding_of(GetParam().family) * solo.losses[step]) << "step " << step;
    EXPECT_GT(solo.losses.front(), 0);
}

TEST_P(GangStepTest, NeitherTheMemberNorTheSizeOfABucketChangesABit) {
    const auto in_one = train_together(trial(), GetParam().size, gradient_bucket_bytes);
    const auto in_many = train_together(trial(), GetParam().size, each_block_alone);
    for (std::size_t member = 0; member < in_one.size(); ++member) {
        EXPECT_EQ(in_one[member].hash, in_one[0].hash);
        EXPECT_EQ(in_many[member].hash, in_one[0].hash);
        EXPECT_EQ(in_many[member].losses, in_one[0].losses);
    }
}

INSTANTIATE_TEST_SUITE_P(, GangStepTest, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

TEST(GangStepWithDropout, HasTheSameBitsForEveryBucketSize) {
    const TinyDataset dataset;
    auto trial = letters_trial("gpt2", Mode::lm, dataset);
    trial.training.dropout = 0.2;
    const auto in_one = train_together(trial, 3, gradient_bucket_bytes), in_many = train_together(trial, 3, each_block_alone);
    for (std::size_t member = 0; member < 3; ++member) {
        EXPECT_EQ(in_one[member].hash, in_one[0].hash);
        EXPECT_EQ(in_many[member].hash, in_one[0].hash);
    }
}

/// Stands for a gang of two at the first member; counts, and is lost where it is told to be.
class LosableCollective final : public Collective {
public:
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int size() const override { return 2; }
    void start_sum(const at::Tensor&) override {
        if (started++ == lost_at) throw CollectiveLost("member 1 is dead");
    }
    void finish_sums() override {
        if (lost_in_the_end) throw CollectiveLost("member 1 is dead");
    }
    [[nodiscard]] double waited_s() const override { return waited += 0.5; }

    int started = 0, lost_at = -1;
    bool lost_in_the_end = false;
    mutable double waited = 0;
};

/// One step of a tiny trial: two rows.
struct OneStep {
    GangStep run(Collective& gang, std::int64_t bucket_bytes, WhatNext told = WhatNext::go_on) {
        auto store = cold_store();
        const auto task = store.task(trial);
        CutModel model(trial, *task, store);
        PhaseClock clock{model.device()};
        clock.begin();
        const Batch rows{&task->training[0], &task->training[1]};
        return gang_backward(model, gang, rows, {}, told, clock, timings, bucket_bytes);
    }
    TinyDataset dataset;
    Trial trial = letters_trial("gpt2", Mode::cls, dataset);
    Timings timings;
};

class GangStepAlone : public ::testing::Test {
protected:
    OneStep step;
};

TEST_F(GangStepAlone, SumsEachBlockAloneOrAllAtOnce) {
    LosableCollective one, many;
    (void)step.run(one, gradient_bucket_bytes);
    EXPECT_EQ(one.started, 1);
    (void)step.run(many, each_block_alone);
    EXPECT_EQ(many.started, step.trial.layers + 1) << "the blocks, and the tables in the end";
}

TEST_F(GangStepAlone, AMemberThatIsLostDuringTheBackwardPassEndsIt) {
    for (int bucket = 0; bucket < 3; ++bucket) {
        LosableCollective gang;
        gang.lost_at = bucket;
        EXPECT_THROW((void)step.run(gang, each_block_alone), CollectiveLost) << "bucket " << bucket;
        EXPECT_EQ(gang.started, bucket + 1);
    }
}

TEST_F(GangStepAlone, AMemberThatIsLostBehindTheBackwardPassEndsIt) {
    LosableCollective gang;
    gang.lost_in_the_end = true;
    EXPECT_THROW((void)step.run(gang, each_block_alone), CollectiveLost);
}

TEST_F(GangStepAlone, CountsWhatItOnlyWaited) {
    LosableCollective gang;
    (void)step.run(gang, each_block_alone);
    EXPECT_EQ(step.timings.wait_s, 0.5);
}

TEST(GangStepVotes, ReachAllWithTheFirstBucketAndAlsoFromAMemberWithoutRows) {
    struct Vote {
        int member;
        WhatNext told;
    };
    for (const auto vote :
         {Vote{0, WhatNext::abandon}, Vote{1, WhatNext::save_and_abandon}, Vote{2, WhatNext::abandon}, Vote{2, WhatNext::go_on}})
        for (const auto bytes : {each_block_alone, gradient_bucket_bytes}) {
            std::vector<GangStep> seen(3);
            run_gang(3, [&](Collective& gang) {
                OneStep own;
                seen[std::size_t(gang.rank())] = own.run(gang, bytes, gang.rank() == vote.member ? vote.told : WhatNext::go_on);
            });
            for (const auto& member : seen) {
                EXPECT_EQ(member.agreed, vote.told);
                EXPECT_EQ(member.loss, seen[0].loss);
            }
        }
}

}  // namespace
}  // namespace layersweep::test
