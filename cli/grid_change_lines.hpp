#pragma once

#include <string>
#include <vector>

#include "orchestrator/schedule/replayed_sweep.hpp"

namespace layersweep {

/// What the sweep file changed since the results folder's list of trials was written, for people; empty where it is the same. `now`: the
/// new grid with the results that there are.
[[nodiscard]] std::vector<std::string> grid_change_lines(const std::string& folder, const ReplayedSweep& now);

}  // namespace layersweep
