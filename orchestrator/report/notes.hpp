#pragma once

#include <string>
#include <vector>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// What a reader of the tables has to know: mixed machine classes, rows short of shots, cut inputs, trials set aside and why, results that
/// are no longer in the grid, the grid's notices and the input's own notes. One sentence or two each, plain text.
[[nodiscard]] std::vector<std::string> report_notes(const ReportInput& input);

}  // namespace layersweep
