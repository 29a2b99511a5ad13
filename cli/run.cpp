#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/launch.hpp"
#include "cli/machine.hpp"
#include "cli/rank.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/report/display.hpp"
#include "orchestrator/report/table_text.hpp"
#include "orchestrator/schedule/exit_code.hpp"

namespace layersweep {

namespace {

/// A second process is told who holds the sweep before it starts anything.
void refuse_if_held(const std::string& folder, bool take_over) {
    const auto holder = holder_of({folder});
    if (!holder || take_over || is_provably_gone(*holder, current_process(), start_time_of)) return;
    throw ConfigError(folder, "the sweep is held by " + text_of(*holder), "two processes would run the same trials twice",
                      "wait for it or stop it; if you know that it is gone, add --take-over");
}

void refuse_missing_gpu(const SweepConfig& config, const std::string& path) {
    if (config.resources.device == Device::cuda && machine_limits().gpus == 0)
        throw ConfigError(path, "resources.device is cuda", "no GPU is seen on this machine", "use device: cpu, or run where a GPU is");
}

std::vector<std::string> rank_arguments(const RunOptions& options, const std::string& folder) {
    const bool terminal = options.progress == "terminal" || (options.progress == "auto" && isatty(STDOUT_FILENO));
    std::vector<std::string> arguments{"run", options.config, "--results", folder, "--progress", terminal ? "terminal" : "plain"};
    if (options.shuffle) arguments.insert(arguments.end(), {"--shuffle", std::to_string(*options.shuffle)});
    if (options.take_over) arguments.emplace_back("--take-over");
    if (const auto columns = terminal_columns(STDOUT_FILENO)) setenv(columns_variable, std::to_string(*columns).c_str(), 1);
    return arguments;
}

/// Prints the tables and gives the exit code of what the ledger says now.
ExitCode finish(const std::string& folder, const Grid& grid) {
    const auto sweep = replay_sweep(folder, grid);
    const SweepReport report(sweep);
    write_report(folder, report.input());
    fmt::print("\n{}\n", table_text(report.input()));
    const auto code = exit_code(sweep.plan);
    const auto left = sweep.plan.counts().waiting + sweep.plan.counts().running;
    if (left > 0) fmt::print("{} trials are not done: the same command goes on\n", left);
    fmt::print("results in {}\n", folder);
    return code;
}

}  // namespace

ExitCode run_command(const RunOptions& options) {
    if (started_as_rank()) return rank_command(options);
    const auto sweep = load_whole_sweep(options.config);
    const auto folder = results_folder(sweep.grid.sweep, options.results);
    const auto workers = workers_for(sweep.config, sweep.grid, sweep.catalog, machine_limits());
    check_resources(sweep, workers, options.config);
    refuse_missing_gpu(sweep.config, options.config);
    refuse_if_held(folder, options.take_over);

    const auto before = replay_sweep(folder, sweep.grid);
    const auto& counts = before.plan.counts();
    fmt::print("sweep {}: {} trials, {} done; {} workers of {} threads; results go to {}\n", sweep.grid.sweep, before.plan.size(),
               counts.finished, workers, sweep.config.resources.threads_per_worker, folder);
    for (const auto& notice : sweep.grid.notices) fmt::print("note: {}\n", notice);
    if (counts.finished == before.plan.size()) {
        fmt::print("every trial has its result already\n");
        return finish(folder, sweep.grid);
    }
    if (launch_ranks(workers, rank_arguments(options, folder)) == LaunchEnd::killed_by_user) return ExitCode::interrupted;
    if (replay_sweep(folder, sweep.grid).ledger.highest_life == before.ledger.highest_life)
        throw MachineError("the ranks left before the sweep began; what mpirun printed above says why");
    return finish(folder, sweep.grid);
}

}  // namespace layersweep
