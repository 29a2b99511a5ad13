#include "worker/training/gang_step.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace layersweep {

namespace {

/// A member's rows: equal parts of a full batch in order; of a smaller batch, the first members get one row more.
std::span<const EncodedRow* const> share_of(std::span<const EncodedRow* const> rows, const Collective& gang) {
    const auto members = std::size_t(gang.size()), me = std::size_t(gang.rank());
    const auto each = rows.size() / members, left = rows.size() % members;
    return rows.subspan(me * each + std::min(me, left), each + (me < left ? 1 : 0));
}

}  // namespace

GangStep gang_backward(CutModel& model, Collective& gang, std::span<const EncodedRow* const> rows, const DropoutDraw& draw, WhatNext told,
                       PhaseClock& clock, Timings& timings) {
    auto& parameters = model.parameters();
    const auto own_loss =
        model.backward(share_of(rows, gang), std::int64_t(rows.size()), draw, [&] { clock.end_of(timings.forward_s); });
    clock.end_of(timings.backward_s);
    // Loss and votes travel with the gradients.
    auto extra = parameters.extra();
    extra[0] = own_loss;
    extra[1] = told == WhatNext::go_on ? 0 : 1;
    extra[2] = told == WhatNext::save_and_abandon ? 1 : 0;
    gang.all_reduce_sum(parameters.gradients_and_extra());
    clock.end_of(timings.reduce_s);
    const auto reduced = extra.cpu().to(at::kDouble);
    clock.settle();
    const auto votes = [&](int place) { return reduced[place].item<double>() > 0; };
    return {.loss = reduced[0].item<double>(),
            .agreed = !votes(1)  ? WhatNext::go_on
                      : votes(2) ? WhatNext::save_and_abandon
                                 : WhatNext::abandon};
}

}  // namespace layersweep
