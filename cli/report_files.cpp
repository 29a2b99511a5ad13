#include "cli/report_files.hpp"

#include <filesystem>

#include "cli/commands.hpp"
#include "orchestrator/config/sweep_config.hpp"

namespace layersweep {

SweepReport::SweepReport(const ReplayedSweep& sweep) {
    input_.grid = &sweep.grid;
    as_ran_.reserve(sweep.grid.trials.size());  // the input points into it
    for (std::size_t i = 0; i < sweep.grid.trials.size(); ++i) {
        const auto& status = sweep.plan.status(i);
        if (const auto* aside = status.as<trial_state::SetAside>()) input_.set_aside[sweep.grid.trials[i].key] = aside->why;
        const auto* finished = status.as<trial_state::Finished>();
        if (!finished) continue;
        auto& trial = as_ran_.emplace_back(sweep.grid.trials[i]);
        trial.resources.gang = std::int64_t(finished->workers.size());
        trial.resources.threads_per_worker = finished->threads_per_worker;
        const auto& leader = finished->workers.front();
        input_.finished[trial.key] = {&trial, &finished->result, leader.machine_class, leader.device, std::int64_t(status.attempts)};
    }
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
