#include "cli/rank.hpp"

#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>

#include "cli/coordinator_role.hpp"
#include "cli/launch.hpp"
#include "cli/plugin.hpp"
#include "orchestrator/config/sweep_config.hpp"
#include "protocol/mpi/mpi_transport.hpp"

namespace layersweep {

namespace {

ExitCode worker_role(MpiSession& session, const RunOptions& options) {
    std::once_flag leaving;  // two threads may see the same end
    const auto leave = [&](const std::string& why) {
        std::call_once(leaving, [&] {
            std::fprintf(stderr, "layersweep: worker %d: %s\n", session.rank(), why.c_str());
            // Not through MPI_Finalize, which waits for all: so the coordinator sees at once that this worker is gone.
            _exit(static_cast<int>(ExitCode::machine_failed));
        });
    };
    try {
        const auto transport = mpi_worker(session);
        const auto resources = load_sweep(options.config).resources;
        open_worker_plugin().run(WorkerId{session.rank()}, *transport, session.local_worker(), resources, {.cut = leave});
        return ExitCode::done;
    } catch (const std::exception& error) {
        leave(error.what());
    }
    return ExitCode::machine_failed;
}

}  // namespace

ExitCode rank_command(const RunOptions& options) {
    tie_to_launcher();
    catch_stop_signals();
    MpiSession session;
    if (session.size() < 2)
        throw ConfigError("", "one rank only", "rank 0 decides and the others train",
                          "start at least two ranks, or `layersweep run` without mpirun");
    // The coordinator's errors are told before MPI ends, which may never return.
    const auto code = session.rank() == 0 ? guarded([&] { return coordinator_role(session, options); }) : worker_role(session, options);
    session.set_exit_code(static_cast<int>(code));
    return code;
}

}  // namespace layersweep
