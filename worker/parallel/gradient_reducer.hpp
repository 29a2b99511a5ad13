#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "worker/parallel/collective.hpp"

namespace layersweep {

/// Least size of a bucket: moving so much takes several times as long as a reduction's latency, and a block of the models that need a
/// gang is larger, so that every block's reduction starts as soon as the block is ready.
inline constexpr std::int64_t gradient_bucket_bytes = std::int64_t{8} << 20;

/// Adds a flat buffer up over a gang, in buckets, while a backward pass still writes it, from its end to its beginning. Where the buckets
/// end depends on the sequence of calls alone, which is therefore to be the same at every member.
class GradientReducer {
public:
    /// A bucket has at least `bucket_bytes`, but for the last one.
    GradientReducer(Collective& gang, at::Tensor flat, std::int64_t bucket_bytes);

    /// The numbers from `begin` on stand; calls come with ever smaller ones.
    void written_from(std::int64_t begin);
    /// All stand; returns when all are summed. Throws CollectiveLost.
    void finish();

private:
    void start_from(std::int64_t begin);

    Collective& gang_;
    at::Tensor flat_;
    std::int64_t bucket_numbers_;
    std::int64_t end_;  ///< from here on all sums are under way
};

}  // namespace layersweep
