#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// The tables and notes of table.md for a terminal: aligned columns, the best layer counts marked with a star.
[[nodiscard]] std::string table_text(const ReportInput& input);

/// Columns that UTF-8 text takes in a terminal, counting every code point as one.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Text with control characters (line ends, escapes) as spaces, so that names cannot move the cursor.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace layersweep
