#include "orchestrator/report/report.hpp"

#include "orchestrator/report/csv_files.hpp"
#include "orchestrator/report/markdown.hpp"
#include "protocol/durable_file.hpp"

namespace layersweep {

void write_report(const std::string& folder, const ReportInput& input) {
    replace_file(folder + "/results.csv", results_csv(input));
    replace_file(folder + "/timings.csv", timings_csv(input));
    replace_file(folder + "/summary.csv", summary_csv(input));
    replace_file(folder + "/curves.csv", curves_csv(input));
    replace_file(folder + "/confusion.csv", confusion_csv(input));
    replace_file(folder + "/table.md", table_markdown(input));
}

}  // namespace layersweep
