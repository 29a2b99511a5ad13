#include "cli/grid_change_lines.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "orchestrator/grid/grid_changes.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// The run writes the list anew, so a damaged one is no reason not to.
std::optional<Grid> earlier_grid(const std::string& path) {
    try {
        return read_grid(path);
    } catch (const ConfigError&) {
        return std::nullopt;
    }
}

}  // namespace

std::vector<std::string> grid_change_lines(const std::string& folder, const ReplayedSweep& now) {
    const auto path = ResultsFolder{folder}.grid().string();
    if (!std::filesystem::exists(path)) return {};
    const auto earlier = earlier_grid(path);
    if (!earlier)
        return {fmt::format("note: {} cannot be read, so what changed since the last run is not known; it is written anew", path)};
    const auto changes = grid_changes(*earlier, now.grid);
    if (!changes.any()) return {};
    const auto with_results = std::ranges::count_if(
        changes.staying, [&](std::size_t trial) { return now.plan.status(trial).as<trial_state::Finished>() != nullptr; });
    std::vector<std::string> lines{"the sweep file changed: " + counts_text(changes, std::size_t(with_results))};
    for (const auto& reason : changes.reasons) lines.push_back("  " + reason);
    return lines;
}

}  // namespace layersweep
