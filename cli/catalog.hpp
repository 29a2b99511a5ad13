#pragma once

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/catalog.hpp"
#include "orchestrator/grid/grid.hpp"
#include "orchestrator/schedule/cost_model.hpp"

namespace layersweep {

/// A sweep as every command needs it: file, facts and trials.
struct LoadedSweep {
    SweepConfig config;
    Catalog catalog;
    Grid grid;
    std::vector<TrialSize> sizes;  ///< by trial, from really encoded inputs
};
/// Reads the file, looks at every model folder and data set with the worker's LibTorch-free readers (fingerprints, block counts, row
/// counts), expands the grid, and checks what only models and data together can tell: label words that collide for a tokenizer, samples
/// that a data set is too small for, prompts that do not fit without their text. Foresees how long each trial takes. Throws ConfigError,
/// at the place in the file where there is one.
[[nodiscard]] LoadedSweep load_whole_sweep(const std::string& path);

/// Refuses what the workers at hand cannot do: a gang wider than all of them, two devices in one sweep. Throws ConfigError.
void check_resources(const LoadedSweep& sweep, std::int64_t workers, const std::string& path);

}  // namespace layersweep
