#include "worker/data/dataset.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "protocol/errors.hpp"
#include "protocol/utf8.hpp"
#include "worker/data/dataset_description.hpp"
#include "worker/data/dataset_format.hpp"
#include "worker/data/read_file.hpp"
#include "worker/data/text_table.hpp"

namespace layersweep {
namespace {

std::string row_of(const std::string& path, std::int64_t row) {
    return path + ": row " + std::to_string(row + 1);
}

/// Maps the value that stands in a file to its class, and appends rows to a split.
class SplitReader {
public:
    SplitReader(const std::vector<ClassLabel>& classes, Split& split) : classes_(classes), split_(split) {
        for (std::size_t i = 0; i < classes.size(); ++i) class_of_.emplace(classes[i].value, static_cast<std::int32_t>(i));
    }

    /// `row_in_file` from 0.
    void append(const std::string& path, std::int64_t row_in_file, std::string_view text, std::string_view label) {
        if (!is_utf8(text) || !is_utf8(label)) {
            throw ConfigError(row_of(path, row_in_file), "this row is not UTF-8", "the tokenizer reads UTF-8 only",
                              "convert the file, for example with iconv");
        }
        const auto found = class_of_.find(strip(label));
        if (found == class_of_.end()) refuse_label(path, row_in_file, label);
        const auto stripped = strip(text);
        const auto number = next_++;
        if (stripped.empty()) {
            ++split_.dropped;
        } else {
            split_.rows.push_back({number, std::string(stripped), found->second});
        }
    }

private:
    [[noreturn]] void refuse_label(const std::string& path, std::int64_t row, std::string_view label) const {
        std::string known;
        for (const auto& one : classes_) known += (known.empty() ? "\"" : ", \"") + one.value + "\"";
        throw ConfigError(row_of(path, row), "the label \"" + std::string(label) + "\" is none of the classes",
                          "every row must belong to one of " + known, "correct the row, or add the class");
    }

    const std::vector<ClassLabel>& classes_;
    Split& split_;
    std::unordered_map<std::string_view, std::int32_t> class_of_;
    std::int64_t next_ = 0;
};

/// How the rows of a data set stand in its files.
struct TableLayout {
    TextTableFormat format;
    TextPattern text;
    std::string label;
};

void read_table_file(const std::string& path, const TableLayout& layout, SplitReader& reader) {
    const TextTable table(path, layout.format);
    std::vector<std::vector<std::string_view>> columns;
    for (const auto& name : layout.text.columns) columns.push_back(table.column(name));
    const auto labels = table.column(layout.label);
    std::string text;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        text = layout.text.literals[0];
        for (std::size_t i = 0; i < columns.size(); ++i) text.append(columns[i][row]).append(layout.text.literals[i + 1]);
        reader.append(path, static_cast<std::int64_t>(row), text, labels[row]);
    }
}

/// `COARSE:fine question`, one a line, in ISO-8859-1.
void read_trec_file(const std::string& path, SplitReader& reader) {
    const std::string bytes = read_file(path);
    std::string_view rest = bytes;
    for (std::int64_t row = 0; !rest.empty();) {
        const auto line = next_line(rest);
        if (line.empty()) continue;
        const auto colon = line.find(':'), space = line.find(' ');
        if (colon == std::string_view::npos || space == std::string_view::npos || space < colon) {
            throw ConfigError(row_of(path, row), "this line is not of the form COARSE:fine question", "class and text cannot be told apart",
                              "use the file as its publisher made it");
        }
        reader.append(path, row, latin1_to_utf8(line.substr(space + 1)), latin1_to_utf8(line.substr(0, colon)));
        ++row;
    }
}

TableLayout table_layout(const DatasetRef& ref) {
    const auto* builtin = find_builtin_format(ref.format);
    if (builtin) return {*builtin->table, parse_text_pattern(std::string(builtin->text), dataset_where(ref)), std::string(builtin->label)};
    const bool tsv = ref.format == "tsv";
    const TextTableFormat format{.delimiter = tsv ? '\t' : ',', .quoting = !tsv, .header = ref.header};
    return {format, parse_text_pattern(ref.text, dataset_where(ref)), ref.label};
}

Split read_split(const DatasetRef& ref, const std::vector<std::string>& files, std::int64_t published) {
    Split split;
    split.published = published;
    if (files.empty()) return split;
    SplitReader reader(ref.classes, split);
    for (const auto& path : files) {
        if (ref.format == "trec") {
            read_trec_file(path, reader);
        } else {
            read_table_file(path, table_layout(ref), reader);
        }
    }
    if (split.rows.empty()) {
        throw ConfigError(files.front(), "there is no row with text", "a data set needs rows in every split", "check the file");
    }
    return split;
}

}  // namespace

Dataset load_dataset(const DatasetRef& given) {
    const DatasetRef ref = complete_dataset(given);
    const SplitFiles files = split_files(ref);
    const auto* builtin = find_builtin_format(ref.format);
    return {.classes = ref.classes,
            .prompt_template = ref.prompt_template,
            .train = read_split(ref, files.train, builtin ? builtin->published_train : 0),
            .test = read_split(ref, files.test, builtin ? builtin->published_test : 0),
            .validation = read_split(ref, files.validation, 0)};
}

std::string fill_template(const std::string& prompt_template, const std::string& text, std::size_t* text_offset) {
    const auto at = prompt_template.find(placeholder);
    LAYERSWEEP_CHECK(at != std::string::npos, "a template without {text}: " + prompt_template);
    if (text_offset != nullptr) *text_offset = at;
    return prompt_template.substr(0, at) + text + prompt_template.substr(at + placeholder.size());
}

}  // namespace layersweep
