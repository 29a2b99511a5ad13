#pragma once

#include "cli/commands.hpp"

namespace layersweep {

class MpiSession;

/// From here on SIGUSR1, SIGTERM and SIGINT ask the coordinator to stop. Called before MPI starts, so that no signal is lost.
void catch_stop_signals();

/// Rank 0: resumes or begins the sweep, runs it to its end, writes the report.
ExitCode coordinator_role(MpiSession& session, const RunOptions& options);

}  // namespace layersweep
