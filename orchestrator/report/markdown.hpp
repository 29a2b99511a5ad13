#pragma once

#include <string>
#include <string_view>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// table.md: title, how much finished, one table of accuracies per mode, and the notes.
[[nodiscard]] std::string table_markdown(const ReportInput& input);

/// Any text as one line of GitHub-flavoured Markdown that shows it literally, in a table's cell too.
[[nodiscard]] std::string markdown_literal(std::string_view text);

}  // namespace layersweep
