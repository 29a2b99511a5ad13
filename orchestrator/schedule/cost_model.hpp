#pragma once

#include "orchestrator/grid/catalog.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// How long a trial takes beside others, in no unit: the floating-point work of its kept blocks over all rows of all epochs, divided by
/// its gang. Early stopping is not foreseen.
[[nodiscard]] double relative_cost(const Trial& trial, const ModelFacts& model);

}  // namespace layersweep
