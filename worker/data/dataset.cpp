#include "worker/data/dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/errors.hpp"
#include "worker/data/dataset_format.hpp"
#include "worker/data/fingerprint.hpp"
#include "worker/data/read_file.hpp"
#include "worker/data/text_table.hpp"
#include "worker/data/utf8.hpp"

namespace layersweep {
namespace {

constexpr std::string_view placeholder = "{text}";

using Files = std::vector<std::string>;

std::string where_of(const DatasetRef& ref) {
    return "dataset " + ref.name;
}

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
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
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

Files split_files(const DatasetRef& ref, std::string_view builtin_file, const Files& generic) {
    if (find_builtin_format(ref.format) == nullptr) return generic;
    return {(std::filesystem::path(ref.folder) / builtin_file).string()};
}

Files train_files(const DatasetRef& ref) {
    const auto* builtin = find_builtin_format(ref.format);
    return split_files(ref, builtin ? builtin->train_file : "", ref.train);
}

Files test_files(const DatasetRef& ref) {
    const auto* builtin = find_builtin_format(ref.format);
    return split_files(ref, builtin ? builtin->test_file : "", ref.test);
}

Files validation_files(const DatasetRef& ref) {
    return find_builtin_format(ref.format) ? Files{} : ref.validation;
}

void check_format(const DatasetRef& ref) {
    if (find_builtin_format(ref.format) != nullptr || ref.format == "csv" || ref.format == "tsv") return;
    if (ref.format == "jsonl" || ref.format == "parquet") {
        throw ConfigError(where_of(ref), "the format " + ref.format + " is not in this version", "its rows cannot be read",
                          "convert the files to csv or tsv");
    }
    throw ConfigError(where_of(ref), "there is no format \"" + ref.format + "\"", "the format says how rows are read",
                      "use one of sst2, emoc, trec, agnews, csv, tsv");
}

bool holds_parquet(const std::string& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".parquet") return true;
    }
    return false;
}

void check_files(const DatasetRef& ref) {
    for (const auto& path : dataset_files(ref)) {
        std::error_code error;
        if (std::filesystem::is_regular_file(path, error)) continue;
        if (!ref.folder.empty() && holds_parquet(ref.folder)) {
            throw ConfigError(where_of(ref), ref.folder + " holds the Parquet form of " + ref.format + ", which is not in this version",
                              path + " is what would be read", "put the files there as their publisher made them");
        }
        throw ConfigError(where_of(ref), path + " does not exist or is not a file", "its rows are needed before the first trial starts",
                          "correct the path, or put the file there");
    }
}

void check_classes(const DatasetRef& ref) {
    if (ref.classes.size() < 2) {
        throw ConfigError(where_of(ref), "there are fewer than two classes", "there would be nothing to tell apart",
                          "list every label's value and word under classes");
    }
    for (std::size_t i = 0; i < ref.classes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (ref.classes[i].value != ref.classes[j].value) continue;
            throw ConfigError(where_of(ref), "the class \"" + ref.classes[i].value + "\" is there twice", "a label would have two words",
                              "remove one");
        }
    }
}

void check_template(const DatasetRef& ref) {
    const auto first = ref.prompt_template.find(placeholder);
    if (first != std::string::npos && ref.prompt_template.find(placeholder, first + 1) == std::string::npos) return;
    throw ConfigError(where_of(ref), "the template must hold {text} exactly once", "it says where the text of a row goes in the prompt",
                      "write for example \"Review: {text}\\nRating:\"");
}

/// All fields that the format itself knows, where the reference leaves them empty.
DatasetRef complete(DatasetRef ref) {
    check_format(ref);
    if (const auto* builtin = find_builtin_format(ref.format)) {
        if (ref.classes.empty()) ref.classes = builtin->classes;
        if (ref.prompt_template.empty()) ref.prompt_template = builtin->prompt_template;
    }
    check_classes(ref);
    check_template(ref);
    if (!ref.train.empty() && !ref.test.empty()) return ref;
    if (find_builtin_format(ref.format) == nullptr) {
        throw ConfigError(where_of(ref), ref.train.empty() ? "there is no train file" : "there is no test file",
                          "trials train on the one and are measured on the other", "name both");
    }
    return ref;
}

TableLayout table_layout(const DatasetRef& ref) {
    const auto* builtin = find_builtin_format(ref.format);
    if (builtin) return {*builtin->table, parse_text_pattern(std::string(builtin->text), where_of(ref)), std::string(builtin->label)};
    const bool tsv = ref.format == "tsv";
    const TextTableFormat format{.delimiter = tsv ? '\t' : ',', .quoting = !tsv, .header = ref.header};
    return {format, parse_text_pattern(ref.text, where_of(ref)), ref.label};
}

Split read_split(const DatasetRef& ref, const Files& files, std::int64_t published) {
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

/// All that decides what a row means, besides the bytes of the files.
std::string meaning_of(const DatasetRef& ref) {
    nlohmann::json classes = nlohmann::json::array();
    for (const auto& one : ref.classes) classes.push_back({one.value, one.word});
    const bool generic = find_builtin_format(ref.format) == nullptr;
    return nlohmann::json{{"format", ref.format},
                          {"classes", classes},
                          {"template", ref.prompt_template},
                          {"header", generic && ref.header},
                          {"text", generic ? ref.text : ""},
                          {"label", generic ? ref.label : ""}}
        .dump();
}

}  // namespace

Dataset load_dataset(const DatasetRef& given) {
    const DatasetRef ref = complete(given);
    check_files(ref);
    const auto* builtin = find_builtin_format(ref.format);
    return {.classes = ref.classes,
            .prompt_template = ref.prompt_template,
            .train = read_split(ref, train_files(ref), builtin ? builtin->published_train : 0),
            .test = read_split(ref, test_files(ref), builtin ? builtin->published_test : 0),
            .validation = read_split(ref, validation_files(ref), 0)};
}

DatasetRef describe_dataset(const DatasetRef& given) {
    DatasetRef ref = complete(given);
    if (find_builtin_format(ref.format) == nullptr) static_cast<void>(parse_text_pattern(ref.text, where_of(ref)));
    check_files(ref);
    std::vector<std::pair<std::string, std::string>> role_and_path;
    for (const auto& path : train_files(ref)) role_and_path.emplace_back("train", path);
    for (const auto& path : test_files(ref)) role_and_path.emplace_back("test", path);
    for (const auto& path : validation_files(ref)) role_and_path.emplace_back("validation", path);
    ref.fingerprint = fingerprint_of(role_and_path, meaning_of(ref));
    return ref;
}

std::vector<std::string> dataset_files(const DatasetRef& ref) {
    check_format(ref);
    Files all = train_files(ref);
    for (const auto& files : {test_files(ref), validation_files(ref)}) all.insert(all.end(), files.begin(), files.end());
    return all;
}

std::string fill_template(const std::string& prompt_template, const std::string& text, std::size_t* text_offset) {
    const auto at = prompt_template.find(placeholder);
    LAYERSWEEP_CHECK(at != std::string::npos, "a template without {text}: " + prompt_template);
    if (text_offset != nullptr) *text_offset = at;
    return prompt_template.substr(0, at) + text + prompt_template.substr(at + placeholder.size());
}

}  // namespace layersweep
