#pragma once

#include <optional>
#include <string>

#include "orchestrator/schedule/replayed_sweep.hpp"
#include "orchestrator/schedule/scheduler.hpp"

namespace layersweep {

/// The rules by which a sweep runs, as far as its results folder tells them.
struct RecordedOrder {
    Scheduler scheduler;
    bool order_is_known = false;  ///< else the trials come in grid order: an older version did not record what it foresaw
};

/// `grid`: as grid.jsonl has it. Looks at sweep.resolved.yaml besides.
[[nodiscard]] RecordedOrder recorded_order(const std::string& folder, const Grid& grid);

}  // namespace layersweep
