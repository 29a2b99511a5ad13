#pragma once

#include <string>

#include "cli/catalog.hpp"
#include "orchestrator/report/report.hpp"
#include "orchestrator/report/trial_folders.hpp"
#include "orchestrator/schedule/replayed_sweep.hpp"

namespace layersweep {

/// What the reports are made from. Points into both, which outlive it.
[[nodiscard]] ReportInput report_input(const Grid& grid, const Plan& plan);

/// Writes grid.jsonl and sweep.resolved.yaml of a sweep that this process holds. Throws StorageError.
void write_sweep_files(const std::string& folder, const LoadedSweep& sweep);

/// Removes what a life that was killed left among the checkpoints.
void tidy_checkpoints(TrialFolders& files, const Plan& plan);

/// results/<sweep> in the working directory, or what --results says.
[[nodiscard]] std::string results_folder(const std::string& sweep, const std::string& wanted);

/// The results folder that an argument names: the folder itself, or the sweep file's own. Throws ConfigError where neither is there.
[[nodiscard]] std::string existing_results(const std::string& folder_or_sweep);

}  // namespace layersweep
