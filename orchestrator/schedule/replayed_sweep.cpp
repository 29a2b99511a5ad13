#include "orchestrator/schedule/replayed_sweep.hpp"

#include <utility>

#include "protocol/errors.hpp"

namespace layersweep {

ReplayedSweep read_sweep(const std::filesystem::path& results_dir) {
    const ResultsFolder folder{results_dir};
    if (!std::filesystem::exists(folder.grid()))
        throw ConfigError(results_dir.string(), "there is no sweep here", "a results folder holds " + folder.grid().filename().string(),
                          "name the folder that `layersweep run` wrote, results/<sweep> unless --results said otherwise");
    return replay_sweep(results_dir, read_grid(folder.grid().string()));
}

ReplayedSweep replay_sweep(const std::filesystem::path& results_dir, Grid grid) {
    Plan plan(grid.trials);
    const LedgerEnd end = replay_ledger(SegmentFolder({results_dir}), [&plan](const Event& event) { plan.apply(event); });
    return {std::move(grid), std::move(plan), end};
}

}  // namespace layersweep
