#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cli/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/grid_change_lines.hpp"
#include "cli/last_word.hpp"
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

constexpr std::chrono::seconds longest_farewell{10};

void refuse_missing_gpu(const LoadedSweep& sweep, const MachineLimits& machine, const std::string& path) {
    if (machine.gpus > 0) return;
    if (sweep.config.resources.device == Device::cuda)
        throw ConfigError(path, "resources.device is cuda", "no GPU is seen on this machine", "use device: cpu, or run where a GPU is");
    if (std::ranges::any_of(sweep.grid.trials, [](const Trial& trial) { return trial.training.precision == Precision::tf32; }))
        throw ConfigError(path, "training.precision is tf32", "that is a format of GPUs, and none is seen on this machine",
                          "use fp32 or bf16, or run where a GPU is");
}

std::vector<std::string> rank_arguments(const RunOptions& options, const std::string& folder) {
    const bool terminal = options.progress == "terminal" || (options.progress == "auto" && isatty(STDOUT_FILENO));
    std::vector<std::string> arguments{"run", options.config, "--results", folder, "--progress", terminal ? "terminal" : "plain"};
    if (options.shuffle) arguments.insert(arguments.end(), {"--shuffle", std::to_string(*options.shuffle)});
    if (options.take_over) arguments.emplace_back("--take-over");
    setenv(launched_variable, "1", 1);
    if (const auto columns = terminal_columns(STDOUT_FILENO)) setenv(columns_variable, std::to_string(*columns).c_str(), 1);
    return arguments;
}

/// Looks whether a coordinator took the sweep, and is gone again.
class CoordinatorWatch {
public:
    explicit CoordinatorWatch(std::string folder) : folder_{std::move(folder)}, before_(holder_of(folder_)) {}
    [[nodiscard]] CoordinatorState state() {
        const auto now = holder_of(folder_);
        const bool free = !now && is_free();
        if (now && now != before_) seen_ = now;
        came_ = came_ || seen_ || (before_ && free);
        if (!came_) return CoordinatorState::not_yet;
        const bool gone = free || (seen_ && is_provably_gone(*seen_, current_process(), start_time_of));
        return gone ? CoordinatorState::gone : CoordinatorState::here;
    }

private:
    /// A folder that cannot be read proves nothing: the coordinator waits for its disk.
    [[nodiscard]] bool is_free() const {
        std::error_code error;
        return std::filesystem::is_directory(folder_.ledger(), error) && !std::filesystem::exists(folder_.holder(), error) && !error;
    }

    ResultsFolder folder_;
    std::optional<ProcessIdentity> before_;  ///< one that was killed may have left its file
    std::optional<ProcessIdentity> seen_;
    bool came_ = false;  ///< perhaps unseen: one that ended between two looks
};

/// mpirun may have been killed: the ranks follow it at once, but not before it.
void wait_for_farewell(const ResultsFolder& folder) {
    const auto latest = std::chrono::steady_clock::now() + longest_farewell;
    while (living_holder_of(folder) && std::chrono::steady_clock::now() < latest)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// Prints the tables and gives the exit code of what the ledger said.
ExitCode finish(const std::string& folder, const ReplayedSweep& sweep) {
    const auto report = report_input(sweep.grid, sweep.plan);
    write_report(folder, report);
    fmt::print("\n{}\n", table_text(report));
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
    const auto machine = machine_limits();
    const auto workers = workers_for(sweep.config, sweep.grid, sweep.sizes, machine);
    check_resources(sweep, workers, options.config);
    refuse_missing_gpu(sweep, machine, options.config);
    refuse_if_held({folder}, take_over_if(options.take_over));

    const auto before = replay_sweep(folder, sweep.grid);
    const auto& counts = before.plan.counts();
    fmt::print("sweep {}: {} trials, {} done; {} workers of {} threads; results go to {}\n", sweep.grid.sweep, before.plan.size(),
               counts.finished, workers, sweep.config.resources.threads_per_worker, folder);
    for (const auto& line : grid_change_lines(folder, before)) fmt::print("{}\n", line);
    for (const auto& notice : sweep.grid.notices) fmt::print("note: {}\n", notice);
    if (counts.finished == before.plan.size()) {
        fmt::print("every trial has its result already\n");
        const LedgerHolder holder({folder}, current_process(), take_over_if(options.take_over));
        write_sweep_files(folder, sweep);
        TrialFolders files(folder);
        tidy_checkpoints(files, before.plan);
        return finish(folder, before);
    }
    CoordinatorWatch watch(folder);
    const LastWord last_word;
    if (launch_ranks(workers, rank_arguments(options, folder), [&watch] { return watch.state(); }) == LaunchEnd::killed_by_user)
        return ExitCode::interrupted;
    wait_for_farewell({folder});
    refuse_if_held({folder}, TakeOver::if_gone);  // another process was faster, or took this sweep over
    const auto after = replay_sweep(folder, sweep.grid);
    if (after.ledger.highest_life == before.ledger.highest_life)
        throw MachineError("the ranks left before the sweep began; what mpirun printed above says why");
    const auto code = finish(folder, after);
    return code == ExitCode::stopped_early && last_word.is_failure() ? ExitCode::machine_failed : code;
}

}  // namespace layersweep
