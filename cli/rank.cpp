#include "cli/rank.hpp"

#include <csignal>
#include <cstdio>

#include "cli/coordinator_role.hpp"
#include "cli/launch.hpp"
#include "cli/plugin.hpp"
#include "orchestrator/config/sweep_config.hpp"
#include "protocol/mpi/mpi_transport.hpp"

namespace layersweep {

namespace {

ExitCode worker_role(MpiSession& session, const RunOptions& options) {
    try {
        const auto transport = mpi_worker(session);
        const auto resources = load_sweep(options.config).resources;
        open_worker_plugin().run(WorkerId{session.rank()}, *transport, session.local_worker(), resources);
        return ExitCode::done;
    } catch (const ConfigError&) {
        return ExitCode::user_mistake;  // rank 0 reads the same file and tells
    } catch (const std::exception& error) {
        // Told here: ending MPI may take a while, or never return.
        std::fprintf(stderr, "layersweep: worker %d: %s\n", session.rank(), error.what());
        return ExitCode::machine_failed;
    }
}

}  // namespace

ExitCode rank_command(const RunOptions& options) {
    tie_to_launcher();
    catch_stop_signals();
    MpiSession session;
    if (session.size() < 2)
        throw ConfigError("", "one rank only", "rank 0 decides and the others train",
                          "start at least two ranks, or `layersweep run` without mpirun");
    const auto code = session.rank() == 0 ? coordinator_role(session, options) : worker_role(session, options);
    session.set_exit_code(static_cast<int>(code));
    return code;
}

}  // namespace layersweep
