#include "orchestrator/report/markdown.hpp"

#include <fmt/format.h>

#include "orchestrator/report/accuracy_table.hpp"
#include "orchestrator/report/notes.hpp"

namespace layersweep {
namespace {

constexpr std::string_view legend =
    "Accuracy on the test rows in per cent, averaged over the seeds, ± the standard deviation (n − 1) where there are several.\n"
    "(k/n): only k of n trials have finished. –: missing; an average is missing if one of its data sets is.\n"
    "Bold: the best number of layers of a model on a data set, among complete cells.\n";

bool is_word(std::string_view text, std::size_t i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void add_line(std::string& out, const std::vector<std::string>& fields) {
    for (const auto& field : fields) out += "| " + field + " ";
    out += "|\n";
}

std::string cell_markdown(const AccuracyCell& cell) {
    return cell.best ? "**" + cell.text() + "**" : cell.text();
}

void add_table(std::string& out, const AccuracyTable& table) {
    out += fmt::format("\n## {}\n\n", name_of(table.mode));
    std::vector<std::string> titles, rules;
    for (const auto& title : table.header()) {
        // Numbers from the layers on stand at the right.
        rules.emplace_back(rules.size() + 1 < table.leading_columns() ? "---" : "--:");
        titles.push_back(markdown_literal(title));
    }
    add_line(out, titles);
    add_line(out, rules);
    for (const AccuracyRow& row : table.rows) {
        std::vector<std::string> fields = {markdown_literal(row.model)};
        for (const auto& value : row.axis_values) fields.push_back(markdown_literal(value));
        fields.push_back(std::to_string(row.layers));
        for (const AccuracyCell& cell : row.cells) fields.push_back(cell_markdown(cell));
        add_line(out, fields);
    }
}

}  // namespace

std::string markdown_literal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += ' ';
            continue;
        }
        const bool inside_word = i > 0 && is_word(text, i - 1) && is_word(text, i + 1);
        if (std::string_view("\\|*`<>[]&#~").find(c) != std::string_view::npos || (c == '_' && !inside_word)) out += '\\';
        out += c;
    }
    return out;
}

std::string table_markdown(const ReportInput& input) {
    std::string out = fmt::format("# {}\n\n{}\n\n{}", markdown_literal(input.grid->sweep), headline(input), legend);
    for (const AccuracyTable& table : accuracy_tables(input)) add_table(out, table);
    const auto notes = report_notes(input);
    if (notes.empty()) return out;
    out += "\n## Notes\n\n";
    for (const auto& note : notes) out += "- " + markdown_literal(note) + "\n";
    return out;
}

}  // namespace layersweep
