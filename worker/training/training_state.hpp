#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/result.hpp"

namespace layersweep {

/// A file of the checkpoint's folder that holds the best weights.
struct BestFile {
    std::string name;
    std::string hash;  ///< XXH3-128 of the weights' bytes
};

/// All that the next step of a trial depends on besides the trial itself: what a checkpoint holds. The tensors are flat and share memory
/// with the model and its optimizer.
struct TrainingState {
    Result result;              ///< as far as it is known; the hash of the weights is, once training is over
    std::int64_t next_row = 0;  ///< in the order of the epoch that follows the curve's last
    double weighted_loss = 0;   ///< over that epoch's batches so far: sum of loss times rows
    at::Tensor values, first_moment, second_moment;
    at::Tensor optimizer_steps;         ///< fp32 scalar
    at::Tensor best_weights;            ///< of the result's best epoch; undefined before there is one
    std::optional<BestFile> best_file;  ///< where the best weights are written already

    /// Only the test is left, which reads the best weights and no other tensor.
    [[nodiscard]] bool training_is_over() const { return !result.weights_hash.empty(); }
};

}  // namespace layersweep
