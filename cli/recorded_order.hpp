#pragma once

#include <optional>
#include <string>

#include "orchestrator/schedule/replayed_sweep.hpp"
#include "orchestrator/schedule/scheduler.hpp"

namespace layersweep {

/// The rules by which a sweep runs, as far as its results folder and its models still tell them.
struct RecordedOrder {
    Scheduler scheduler;
    bool order_is_known = false;  ///< else the trials come in grid order: a model's config.json cannot be read any more
};

/// Looks at sweep.resolved.yaml and at the models' config.json only.
[[nodiscard]] RecordedOrder recorded_order(const std::string& folder, const Grid& grid);

}  // namespace layersweep
