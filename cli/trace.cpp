#include <fmt/format.h>

#include "cli/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/plugin.hpp"

namespace layersweep {

ExitCode trace_command(const TraceOptions& options) {
    const auto sweep = load_whole_sweep(options.config);
    const auto& trial = sweep.grid.trials[select_one(sweep.grid, options.trial)];
    fmt::print("{}\n", open_worker_plugin().trace(trial, options.folder, options.steps));
    return ExitCode::done;
}

}  // namespace layersweep
