#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/report/table_text.hpp"

namespace layersweep {

ExitCode report_command(const std::string& results) {
    const auto folder = existing_results(results);
    const auto sweep = read_sweep(folder);
    const auto report = report_input(sweep.grid, sweep.plan);
    write_report(folder, report);
    fmt::print("{}\nwritten to {}: results.csv, summary.csv, curves.csv, confusion.csv, timings.csv, table.md\n", table_text(report),
               folder);
    return ExitCode::done;
}

}  // namespace layersweep
