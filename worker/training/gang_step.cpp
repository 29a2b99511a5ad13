#include "worker/training/gang_step.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "worker/training/shares.hpp"

namespace layersweep {

namespace {

using RowPointers = std::vector<const EncodedRow*>;

/// This member's rows, in the batch's order. What all rows share costs every member the same.
RowPointers share_of(std::span<const EncodedRow* const> rows, const CutModel& model, const Collective& gang) {
    if (gang.size() == 1) return {rows.begin(), rows.end()};
    std::vector<std::int64_t> tokens;
    for (const auto* row : rows) tokens.push_back(model.own_tokens(*row));
    const auto shares = balanced_shares(tokens, std::size_t(gang.size()));
    RowPointers share;
    for (const auto row : shares[std::size_t(gang.rank())]) share.push_back(rows[row]);
    return share;
}

}  // namespace

GangStep gang_backward(CutModel& model, Collective& gang, std::span<const EncodedRow* const> rows, const DropoutDraw& draw, WhatNext told,
                       PhaseClock& clock, Timings& timings, std::int64_t bucket_bytes) {
    auto& parameters = model.parameters();
    auto extra = parameters.extra();
    GradientReducer reducer(gang, parameters.gradients_and_extra(), bucket_bytes);
    BackwardWatch watch;
    watch.forward_done = [&](const at::Tensor& own_loss) {
        // Loss and votes stand behind the gradients and travel with those that are ready first.
        extra[0] = own_loss;
        extra[1] = told == WhatNext::go_on ? 0 : 1;
        extra[2] = told == WhatNext::save_and_abandon ? 1 : 0;
        clock.end_of(timings.forward_s);
    };
    if (gang.size() > 1) watch.written_from = [&](std::int64_t begin) { reducer.written_from(begin); };
    model.backward(share_of(rows, model, gang), std::int64_t(rows.size()), draw, watch);
    clock.end_of(timings.backward_s);
    const double waited_s = gang.waited_s();
    reducer.finish();
    timings.wait_s += gang.waited_s() - waited_s;
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
