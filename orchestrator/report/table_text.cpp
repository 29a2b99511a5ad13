#include "orchestrator/report/table_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/report/accuracy_table.hpp"
#include "orchestrator/report/display.hpp"
#include "orchestrator/report/notes.hpp"

namespace layersweep {
namespace {

using Line = std::vector<std::string>;

std::vector<Line> lines_of(const AccuracyTable& table) {
    std::vector<Line> lines = {table.header()};
    for (const AccuracyRow& row : table.rows) {
        Line line = {row.model};
        line.insert(line.end(), row.axis_values.begin(), row.axis_values.end());
        line.push_back(std::to_string(row.layers));
        for (const AccuracyCell& cell : row.cells) line.push_back(cell.text() + (cell.best ? "*" : " "));
        lines.push_back(line);
    }
    // Titles end where the numbers end, not where the stars stand.
    for (std::size_t i = table.leading_columns(); i < lines[0].size(); ++i) lines[0][i] += ' ';
    for (Line& line : lines) std::ranges::transform(line, line.begin(), printable);
    return lines;
}

void add_table(std::string& out, const AccuracyTable& table) {
    const auto lines = lines_of(table);
    std::vector<std::size_t> widths(lines[0].size());
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
    }
    out += fmt::format("\n{}\n", name_of(table.mode));
    for (const Line& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::string padding(widths[i] - display_width(line[i]), ' ');
            const bool left_aligned = i + 1 < table.leading_columns();
            text += "  " + (left_aligned ? line[i] + padding : padding + line[i]);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    }
}

}  // namespace

std::string table_text(const ReportInput& input) {
    std::string out = fmt::format("{}: {}\n", printable(input.grid->sweep), headline(input));
    out += "Accuracy in per cent; * best number of layers; (k/n) only k of n trials finished; – missing.\n";
    for (const AccuracyTable& table : accuracy_tables(input)) add_table(out, table);
    const auto notes = report_notes(input);
    if (!notes.empty()) out += "\n";
    for (const auto& note : notes) out += "note: " + printable(note) + "\n";
    return out;
}

}  // namespace layersweep
