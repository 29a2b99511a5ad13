#pragma once

#include "cli/commands.hpp"

namespace layersweep {

/// Width of the terminal that the launcher writes to, for rank 0.
inline constexpr const char* columns_variable = "LAYERSWEEP_COLUMNS";

/// A process that mpirun or srun started: the coordinator at rank 0, else a worker.
ExitCode rank_command(const RunOptions& options);

}  // namespace layersweep
