#include "worker/data/dataset_description.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "protocol/errors.hpp"
#include "worker/data/dataset.hpp"
#include "worker/data/dataset_format.hpp"
#include "worker/data/fingerprint.hpp"

namespace layersweep {
namespace {

void check_format(const DatasetRef& ref) {
    if (find_builtin_format(ref.format) != nullptr || ref.format == "csv" || ref.format == "tsv") return;
    if (ref.format == "jsonl" || ref.format == "parquet") {
        throw ConfigError(dataset_where(ref), "the format " + ref.format + " is not in this version", "its rows cannot be read",
                          "convert the files to csv or tsv");
    }
    throw ConfigError(dataset_where(ref), "there is no format \"" + ref.format + "\"", "the format says how rows are read",
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
            throw ConfigError(dataset_where(ref),
                              ref.folder + " holds the Parquet form of " + ref.format + ", which is not in this version",
                              path + " is what would be read", "put the files there as their publisher made them");
        }
        throw ConfigError(dataset_where(ref), path + " does not exist or is not a file",
                          "its rows are needed before the first trial starts", "correct the path, or put the file there");
    }
}

void check_classes(const DatasetRef& ref) {
    if (ref.classes.size() < 2) {
        throw ConfigError(dataset_where(ref), "there are fewer than two classes", "there would be nothing to tell apart",
                          "list every label's value and word under classes");
    }
    for (std::size_t i = 0; i < ref.classes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (ref.classes[i].value != ref.classes[j].value) continue;
            throw ConfigError(dataset_where(ref), "the class \"" + ref.classes[i].value + "\" is there twice",
                              "a label would have two words", "remove one");
        }
    }
}

void check_template(const DatasetRef& ref) {
    const auto first = ref.prompt_template.find(placeholder);
    if (first != std::string::npos && ref.prompt_template.find(placeholder, first + 1) == std::string::npos) return;
    throw ConfigError(dataset_where(ref), "the template must hold {text} exactly once",
                      "it says where the text of a row goes in the prompt", "write for example \"Review: {text}\\nRating:\"");
}

/// All fields that the format itself knows, where the reference leaves them empty.
DatasetRef complete_fields(DatasetRef ref) {
    check_format(ref);
    if (const auto* builtin = find_builtin_format(ref.format)) {
        if (ref.classes.empty()) ref.classes = builtin->classes;
        if (ref.prompt_template.empty()) ref.prompt_template = builtin->prompt_template;
    }
    check_classes(ref);
    check_template(ref);
    if (find_builtin_format(ref.format) != nullptr) return ref;
    if (ref.train.empty() || ref.test.empty()) {
        throw ConfigError(dataset_where(ref), ref.train.empty() ? "there is no train file" : "there is no test file",
                          "trials train on the one and are measured on the other", "name both");
    }
    static_cast<void>(parse_text_pattern(ref.text, dataset_where(ref)));
    return ref;
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

std::string dataset_where(const DatasetRef& ref) {
    return "dataset " + ref.name;
}

SplitFiles split_files(const DatasetRef& ref) {
    const auto* builtin = find_builtin_format(ref.format);
    if (builtin == nullptr) return {ref.train, ref.test, ref.validation};
    const std::filesystem::path folder(ref.folder);
    return {{(folder / builtin->train_file).string()}, {(folder / builtin->test_file).string()}, {}};
}

DatasetRef complete_dataset(const DatasetRef& given) {
    DatasetRef ref = complete_fields(given);
    check_files(ref);
    return ref;
}

DatasetRef describe_dataset(const DatasetRef& given) {
    DatasetRef ref = complete_dataset(given);
    const SplitFiles files = split_files(ref);
    std::vector<std::pair<std::string, std::string>> role_and_path;
    for (const auto& path : files.train) role_and_path.emplace_back("train", path);
    for (const auto& path : files.test) role_and_path.emplace_back("test", path);
    for (const auto& path : files.validation) role_and_path.emplace_back("validation", path);
    ref.fingerprint = fingerprint_of(role_and_path, meaning_of(ref));
    return ref;
}

std::vector<std::string> dataset_files(const DatasetRef& ref) {
    check_format(ref);
    const SplitFiles files = split_files(ref);
    std::vector<std::string> all = files.train;
    for (const auto* split : {&files.test, &files.validation}) all.insert(all.end(), split->begin(), split->end());
    return all;
}

}  // namespace layersweep
