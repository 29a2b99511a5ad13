#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/axis_point.hpp"
#include "orchestrator/grid/grid.hpp"

namespace layersweep {

/// Which exact shortcuts the trial uses: what its sweep allows and what is valid for it. Throws ConfigError where one is asked for by name
/// (`on`) that is not exact for the trial.
[[nodiscard]] Shortcuts shortcuts_of(const AxisPoint& point, const SweepConfig& config);

/// For people: for each shortcut, for how many trials it is on, and why not for the others.
[[nodiscard]] std::vector<std::string> shortcut_lines(const SweepConfig& config, const Grid& grid, const Catalog& catalog);

}  // namespace layersweep
