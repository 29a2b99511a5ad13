#pragma once

#include <span>

#include "protocol/result.hpp"
#include "worker/device/phase_clock.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/parallel/gradient_reducer.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/trainer.hpp"

namespace layersweep {

/// What the members of a gang know together after the backward pass of one batch.
struct GangStep {
    double loss = 0;                    ///< of the whole batch
    WhatNext agreed = WhatNext::go_on;  ///< equal at every member, so that all leave at the same step
};

/// Forward and backward of `rows`, which the gang's members share; the whole batch's gradient, the same bits at every member, is in the
/// model's buffer then. `told`: what this member was told to do next; one that is to leave takes all with it. `clock` has begun; the
/// seconds of the phases go to `timings`. Gradients are summed in buckets while the backward pass goes on; the size of a bucket changes no
/// bits on CPUs.
[[nodiscard]] GangStep gang_backward(CutModel& model, Collective& gang, std::span<const EncodedRow* const> rows, const DropoutDraw& draw,
                                     WhatNext told, PhaseClock& clock, Timings& timings, std::int64_t bucket_bytes = gradient_bucket_bytes);

}  // namespace layersweep
