#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "orchestrator/grid/grid.hpp"
#include "orchestrator/ledger/ledger_reader.hpp"
#include "orchestrator/schedule/plan.hpp"

namespace layersweep {

/// A sweep as its results folder tells it: the grid, every trial's state (with result, workers and attempts), where the ledger ends.
struct ReplayedSweep {
    Grid grid;
    Plan plan;  ///< by index into grid.trials
    LedgerEnd ledger;
    std::map<WorkerId, std::string> quarantined;  ///< by the present coordinator, or the last one: why; those that work again are left out
};

/// Writes nothing; may be used while the sweep runs. Throws ConfigError where there is no sweep, MachineError where its ledger is damaged.
[[nodiscard]] ReplayedSweep read_sweep(const std::filesystem::path& results_dir);
/// The same for a grid that is not (or not yet) the one in the folder.
[[nodiscard]] ReplayedSweep replay_sweep(const std::filesystem::path& results_dir, Grid grid);

}  // namespace layersweep
