#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/config/sections.hpp"
#include "orchestrator/config/suggestion.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

/// The names between braces, in order. Throws ConfigError where braces do not match.
std::vector<std::string> names_in_braces(const std::string& text, const SourcePlace& place, const std::string& what) {
    std::vector<std::string> names;
    for (std::size_t at = text.find_first_of("{}"); at != std::string::npos; at = text.find_first_of("{}", at)) {
        const std::size_t end = text.find_first_of("{}", at + 1);
        if (text[at] == '}' || end == std::string::npos || text[end] == '{' || end == at + 1) {
            throw ConfigError(place.text(), fmt::format("the braces in {} do not match", what), "each pair holds one name",
                              "write {name}; braces cannot stand for themselves");
        }
        names.push_back(text.substr(at + 1, end - at - 1));
        at = end + 1;
    }
    return names;
}

std::string read_text(const YamlNode& node, const std::string& what) {
    const std::string text = literal_text(node, what);
    if (names_in_braces(text, node.place, what).empty()) {
        throw ConfigError(node.place.text(), fmt::format("{} names no column", what), "every row would have the same text",
                          "write the columns in braces, for example \"{title}. {body}\"");
    }
    return text;
}

std::string read_template(const YamlNode& node, const std::string& what) {
    const std::string text = literal_text(node, what);
    if (names_in_braces(text, node.place, what) != std::vector<std::string>{"text"}) {
        throw ConfigError(node.place.text(), fmt::format("{} does not hold {{text}} exactly once", what),
                          "the row's text stands for {text}, and only for it; columns are named under 'text'",
                          "write for example \"Review: {text}\\nRating:\"");
    }
    if (text.find_last_not_of(" \t\r\n") + 1 != text.size()) {
        throw ConfigError(node.place.text(), fmt::format("{} ends in white space", what),
                          "the label word brings its own leading space, and a second one is another token",
                          "remove it (for a block, write '|-' instead of '|')");
    }
    return text;
}

std::vector<ClassLabel> read_classes(const YamlNode& node, const std::string& what) {
    const YamlMap map(node, what);
    std::vector<ClassLabel> classes;
    for (const auto& entry : map.entries()) {
        const std::string word = literal_text(entry.value, map.name_of(entry.key));
        if (word.empty() || word.front() == ' ' || word.back() == ' ') {
            throw ConfigError(entry.value.place.text(), fmt::format("the label word '{}' is empty or has a space at an end", word),
                              "the prompt puts one space in front of it by itself", "write the bare word");
        }
        classes.push_back({entry.key, word});
    }
    if (classes.size() >= 2) return classes;
    throw ConfigError(node.place.text(), fmt::format("{} has {} entries", what, classes.size()), "there is nothing to tell apart",
                      "list at least two classes, 'value in the file: label word'");
}

std::vector<std::string> read_files(const YamlNode& node, const std::string& what) {
    if (node.kind != YamlNode::Kind::sequence) return {resolved_path(node, what)};
    std::vector<std::string> files;
    for (const auto& item : node.items) files.push_back(resolved_path(item, what));
    if (!files.empty()) return files;
    throw ConfigError(node.place.text(), fmt::format("{} is an empty list", what), "there would be no rows", "list at least one file");
}

bool read_header(const YamlNode& node, const std::string& what) {
    const std::string text = text_of(node, what);
    if (text == "true" || text == "false") return text == "true";
    throw ConfigError(node.place.text(), fmt::format("'{}' is no value for {}", text, what),
                      "it says whether the first line names the columns", "write true or false");
}

std::string read_label(const YamlNode& node, const std::string& what) {
    const std::string text = literal_text(node, what);
    if (!text.empty() && text.find_first_of("{}") == std::string::npos) return text;
    throw ConfigError(node.place.text(), fmt::format("'{}' names no column", text), "the label is read from one column",
                      "write the column's bare name, without braces");
}

void read_generic(const YamlMap& map, DatasetRef& dataset) {
    map.allow_only({"format", "train", "test", "validation", "header", "text", "label", "classes", "template"});
    const std::string why = fmt::format("format {} says nothing about it by itself", dataset.format);
    dataset.train = read_files(map.require("train", why), map.name_of("train"));
    dataset.test = read_files(map.require("test", why), map.name_of("test"));
    if (const auto* node = map.find("validation")) dataset.validation = read_files(*node, map.name_of("validation"));
    if (const auto* node = map.find("header")) dataset.header = read_header(*node, map.name_of("header"));
    dataset.text = read_text(map.require("text", why), map.name_of("text"));
    dataset.label = read_label(map.require("label", why), map.name_of("label"));
    dataset.classes = read_classes(map.require("classes", why), map.name_of("classes"));
    dataset.prompt_template = read_template(map.require("template", why), map.name_of("template"));
}

void read_built_in(const YamlMap& map, DatasetRef& dataset) {
    map.allow_only({"format", "path"});
    const auto& path = map.require("path", "the published files lie in a folder");
    dataset.folder = resolved_path(path, map.name_of("path"));
}

DatasetRef read_dataset(const YamlEntry& entry) {
    const YamlMap map(entry.value, "datasets." + entry.key);
    DatasetRef dataset{.name = short_name(entry.key, entry.place, "dataset")};
    const YamlNode& format = map.require("format", "it says how the files are read");
    dataset.format = text_of(format, map.name_of("format"));
    std::vector<std::string> known = built_in_formats();
    const bool built_in = std::ranges::find(known, dataset.format) != known.end();
    known.insert(known.end(), {"csv", "tsv"});
    if (dataset.format == "jsonl" || dataset.format == "parquet") {
        throw ConfigError(format.place.text(), fmt::format("format {} is not in this version", dataset.format),
                          "it is planned, and a guess at it would be worse", "convert the files to csv or tsv");
    }
    if (std::ranges::find(known, dataset.format) == known.end()) {
        throw ConfigError(format.place.text(), fmt::format("unknown format '{}'", dataset.format), "it says how the files are read",
                          suggestion(dataset.format, known));
    }
    built_in ? read_built_in(map, dataset) : read_generic(map, dataset);
    return dataset;
}

}  // namespace

const std::vector<std::string>& built_in_formats() {
    static const std::vector<std::string> formats{"sst2", "emoc", "trec", "agnews"};
    return formats;
}

void read_datasets(const YamlNode& node, SweepConfig& config) {
    const YamlMap datasets(node, "datasets");
    for (const auto& entry : datasets.entries()) config.datasets[entry.key] = {read_dataset(entry), entry.place};
    if (!config.datasets.empty()) return;
    throw ConfigError(node.place.text(), "'datasets' is empty", "the grid needs at least one", "add NAME: { format: sst2, path: FOLDER }");
}

}  // namespace layersweep
