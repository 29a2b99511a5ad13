#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/grid/grid.hpp"
#include "protocol/messages.hpp"
#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// A trial's one result, never null, and how it was made. The pointer outlives the report.
struct FinishedTrial {
    const Result* result = nullptr;
    WorkerFacts leader;
    std::int64_t gang = 1;
    std::int64_t threads_per_worker = 1;
    std::string shortcuts;
    double predicted_s = 0;  ///< 0: not known
    std::int64_t attempts = 1;
};

/// All that a report is made from. What is not in the grid is left out and counted in a note.
struct ReportInput {
    const Grid* grid = nullptr;
    std::map<TrialKey, FinishedTrial> finished;
    std::map<TrialKey, std::string> set_aside;  ///< why
    std::vector<std::string> notes;             ///< printed below the tables as they are ("agnews: 20,978 of 120,000 rows", …)
};

/// Writes results.csv, timings.csv, summary.csv, curves.csv, confusion.csv and table.md into an existing folder, each aside and renamed,
/// so that a reader never sees half a file. Throws MachineError.
void write_report(const std::string& folder, const ReportInput& input);

}  // namespace layersweep
