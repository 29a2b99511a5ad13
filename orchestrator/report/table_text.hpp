#pragma once

#include <string>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// The tables and notes of table.md for a terminal: aligned columns, the best layer counts marked with a star.
[[nodiscard]] std::string table_text(const ReportInput& input);

}  // namespace layersweep
