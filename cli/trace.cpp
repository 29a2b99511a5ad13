#include <fmt/format.h>

#include "cli/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/plugin.hpp"

namespace layersweep {

ExitCode trace_command(const std::string& config, const std::string& pattern, const std::string& folder,
                       std::optional<std::int64_t> steps) {
    const auto sweep = load_whole_sweep(config);
    const auto found = select(sweep.grid, pattern);
    if (found.size() != 1)
        throw ConfigError(config, fmt::format("{} names {} trials", pattern, found.size()), "trace runs exactly one",
                          "add axes (model, dataset, mode, layers, seed), or give its key as `layersweep plan` prints it");
    fmt::print("{}\n", open_worker_plugin().trace(*found.front(), folder, steps));
    return ExitCode::done;
}

}  // namespace layersweep
