#include "cli/report_files.hpp"

#include <filesystem>

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

ReportInput report_input(const Grid& grid, const Plan& plan) {
    ReportInput input{.grid = &grid};
    for (std::size_t i = 0; i < grid.trials.size(); ++i) {
        const auto& key = grid.trials[i].key;
        const auto& status = plan.status(i);
        if (const auto* aside = status.as<trial_state::SetAside>()) input.set_aside[key] = aside->why;
        if (const auto* finished = status.as<trial_state::Finished>())
            input.finished[key] = {.result = &finished->result,
                                   .leader = finished->workers.front(),
                                   .gang = std::int64_t(finished->workers.size()),
                                   .threads_per_worker = finished->threads_per_worker,
                                   .shortcuts = finished->shortcuts,
                                   .predicted_s = finished->predicted_s,
                                   .attempts = std::int64_t(status.attempts)};
    }
    return input;
}

void write_sweep_files(const std::string& folder, const LoadedSweep& sweep) {
    replace_file(folder + "/sweep.resolved.yaml", resolved_yaml(sweep.config), Durability::synced);
    write_grid(ResultsFolder{folder}.grid(), sweep.grid);
}

void tidy_checkpoints(TrialFolders& files, const Plan& plan) {
    files.tidy_checkpoints([&plan](const TrialKey& key) {
        const auto trial = plan.index_of(key);
        return trial && plan.status(*trial).as<trial_state::Finished>() != nullptr;
    });
}

std::string results_folder(const std::string& sweep, const std::string& wanted) {
    return wanted.empty() ? "results/" + sweep : wanted;
}

std::string existing_results(const std::string& folder_or_sweep) {
    namespace fs = std::filesystem;
    const auto folder = fs::is_regular_file(folder_or_sweep) ? results_folder(load_sweep(folder_or_sweep).name, "") : folder_or_sweep;
    if (!fs::is_directory(folder))
        throw ConfigError(folder, "there is no such results folder", "the sweep was not started here, or with another --results",
                          "give the folder that `layersweep run` named, or the sweep file");
    return folder;
}

}  // namespace layersweep
