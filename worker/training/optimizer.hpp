#pragma once

#include <ATen/core/Tensor.h>

#include "protocol/trial.hpp"
#include "worker/model/parameters.hpp"

namespace layersweep {

/// AdamW with decoupled weight decay on all parameters (Loshchilov and Hutter, Decoupled Weight Decay Regularization, algorithm 2), in one
/// fused pass over the flat buffers. No schedule, no clipping.
class AdamW {
public:
    AdamW(const Parameters& parameters, const TrainingSettings& settings);
    void step(Parameters& parameters);

    [[nodiscard]] at::Tensor first_moment() const { return first_moment_; }
    [[nodiscard]] at::Tensor second_moment() const { return second_moment_; }
    [[nodiscard]] at::Tensor steps() const { return steps_; }

private:
    double learning_rate_, beta1_, beta2_, epsilon_, weight_decay_;
    at::Tensor first_moment_, second_moment_;  ///< [count]
    at::Tensor steps_;                         ///< fp32 scalar, steps taken
};

}  // namespace layersweep
