#include "worker/parallel/gradient_reducer.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace layersweep {
namespace {

using Range = std::pair<std::int64_t, std::int64_t>;  // begin and end in the buffer

/// Writes down what is to be summed.
class RecordingCollective final : public Collective {
public:
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int size() const override { return 2; }
    void start_sum(const at::Tensor& flat) override { started.emplace_back(flat.storage_offset(), flat.storage_offset() + flat.numel()); }
    void finish_sums() override { started_when_finished = started.size(); }
    [[nodiscard]] double waited_s() const override { return 0; }

    std::vector<Range> started;
    std::size_t started_when_finished = 0;
};

/// The buckets of a buffer of 100 numbers of 8 bytes.
std::vector<Range> buckets(std::int64_t bytes, const std::vector<std::int64_t>& begins) {
    RecordingCollective gang;
    GradientReducer reducer(gang, at::zeros({100}, at::kDouble), bytes);
    for (const auto begin : begins) reducer.written_from(begin);
    reducer.finish();
    EXPECT_EQ(gang.started_when_finished, gang.started.size());
    return gang.started;
}

TEST(GradientReducer, SumsWhatIsWrittenAsSoonAsItIsEnough) {
    EXPECT_EQ(buckets(30 * 8, {80, 70, 69, 40, 20}), (std::vector<Range>{{70, 100}, {40, 70}, {0, 40}}));
}

TEST(GradientReducer, StartsEachPieceAloneWhereBucketsMayBeSmall) {
    EXPECT_EQ(buckets(1, {80, 80, 10}), (std::vector<Range>{{80, 100}, {10, 80}, {0, 10}}));
}

TEST(GradientReducer, MakesOneSumOfASmallBuffer) {
    EXPECT_EQ(buckets(gradient_bucket_bytes, {80, 10}), (std::vector<Range>{{0, 100}}));
    EXPECT_EQ(buckets(1, {}), (std::vector<Range>{{0, 100}}));
}

TEST(GradientReducer, LeavesNothingForTheEndWhereAllIsWrittenBefore) {
    EXPECT_EQ(buckets(1, {50, 0}), (std::vector<Range>{{50, 100}, {0, 50}}));
}

TEST(GradientReducer, StartsBeforeTheEndIsWritten) {
    RecordingCollective gang;
    GradientReducer reducer(gang, at::zeros({100}, at::kDouble), 10 * 8);
    reducer.written_from(90);
    EXPECT_EQ(gang.started.size(), 1U);
    EXPECT_THROW(reducer.written_from(95), InvariantError) << "what is under way must not be written";
}

}  // namespace
}  // namespace layersweep
