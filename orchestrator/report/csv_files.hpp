#pragma once

#include <string>

#include "orchestrator/report/report.hpp"

namespace layersweep {

// The text of each CSV file of a report. Rows stand in grid order, finished trials only; all but `timings_csv` depend on the trials'
// results alone (no clock, no host). Labels and predictions are class ids, accuracies fractions. An axis whose name is also that of a
// measured column ("epochs", "test_rows", …) stands as "<name>_setting".

/// One row per trial: what was measured.
[[nodiscard]] std::string results_csv(const ReportInput& input);
/// One row per trial: seconds by phase, memory, and where it ran.
[[nodiscard]] std::string timings_csv(const ReportInput& input);
/// One row per cell of the grid (all axes but the seed), finished or not: mean and standard deviation (n - 1) over its seeds.
[[nodiscard]] std::string summary_csv(const ReportInput& input);
/// One row per trial and epoch.
[[nodiscard]] std::string curves_csv(const ReportInput& input);
/// One row per trial, label and predicted class.
[[nodiscard]] std::string confusion_csv(const ReportInput& input);

}  // namespace layersweep
