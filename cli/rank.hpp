#pragma once

#include "cli/commands.hpp"

namespace layersweep {

/// Width of the terminal that the launcher writes to, for rank 0.
inline constexpr const char* columns_variable = "LAYERSWEEP_COLUMNS";

/// Set for ranks whose launcher is `layersweep run`, which has told people already what it found.
inline constexpr const char* launched_variable = "LAYERSWEEP_LAUNCHED";

/// A process that mpirun or srun started: the coordinator at rank 0, else a worker.
ExitCode rank_command(const RunOptions& options);

}  // namespace layersweep
