#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace layersweep {

/// Whether this process was started as a rank by mpirun or srun.
[[nodiscard]] bool started_as_rank();

enum class LaunchEnd { ranks_left, killed_by_user };

/// Of the ranks that this process started.
enum class CoordinatorState { not_yet, here, gone };

/// Starts `arguments` (this program's own, without its name) as `workers` + 1 ranks under mpirun with ULFM on, and stays until they have
/// left. SIGTERM, SIGINT and SIGUSR1 are turned into SIGUSR1 for every rank, which is how a rank is asked to stop; a second SIGINT ends
/// everything at once. A word that comes before there is a coordinator waits for it, since a rank that starts dies of it, and is said again
/// until the ranks have left. A rank that is frozen would keep mpirun for ever: where the coordinator is gone for 45 s, all are ended. What
/// mpirun returns means nothing (it returns 0 when a node is lost): ask the ledger.
LaunchEnd launch_ranks(std::int64_t workers, const std::vector<std::string>& arguments,
                       const std::function<CoordinatorState()>& coordinator);

/// Called first thing by a rank: it dies with the process that started it, and SIGUSR1 is ignored until a handler is set.
void tie_to_launcher();

}  // namespace layersweep
