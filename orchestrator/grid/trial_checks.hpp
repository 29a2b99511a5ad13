#pragma once

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/axis_point.hpp"

namespace layersweep {

/// Throws ConfigError, at the place of the setting that is to blame, for a trial that cannot be run as asked.
void check_trial(const AxisPoint& point, const SweepConfig& config);

/// Row counts as they come out, and settings that make no difference at their default, so that equal experiments have equal keys.
void resolve_trial(AxisPoint& point);

}  // namespace layersweep
