#pragma once

#include <functional>
#include <vector>

#include "protocol/result.hpp"
#include "worker/data/encoding.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/cut_model.hpp"

namespace layersweep {

/// Scores every row, the gang's members sharing the work; the same predictions, in the order of `rows`, on every member. `before_batch` is
/// called before each of this member's batches and may throw. Scores that are not finite are a TrialFailed.
[[nodiscard]] std::vector<Prediction> evaluate(const CutModel& model, const std::vector<EncodedRow>& rows, std::size_t classes,
                                               Collective& collective, const std::function<void()>& before_batch);

}  // namespace layersweep
