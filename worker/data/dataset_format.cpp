#include "worker/data/dataset_format.hpp"

#include <algorithm>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

constexpr TextTableFormat unquoted_tsv{.delimiter = '\t', .quoting = false, .header = true};
constexpr TextTableFormat csv_without_header{.delimiter = ',', .quoting = true, .header = false};

std::vector<BuiltinFormat> make_builtin_formats() {
    return {
        {.name = "sst2",
         .train_file = "train.tsv",
         .test_file = "dev.tsv",
         .published_train = 67349,
         .published_test = 872,
         .table = unquoted_tsv,
         .text = "{sentence}",
         .label = "label",
         .classes = {{"0", "Negative"}, {"1", "Positive"}},
         .prompt_template = "Review: {text}\nSentiment:"},
        {.name = "emoc",
         .train_file = "train.txt",
         .test_file = "test.txt",
         .published_train = 30160,
         .published_test = 5509,
         .table = unquoted_tsv,
         .text = "{turn1} {turn2} {turn3}",
         .label = "label",
         .classes = {{"others", "Others"}, {"happy", "Happy"}, {"sad", "Sad"}, {"angry", "Angry"}},
         .prompt_template = "Dialogue: {text}\nEmotion:"},
        {.name = "trec",
         .train_file = "train_5500.label",
         .test_file = "TREC_10.label",
         .published_train = 5452,
         .published_test = 500,
         .table = std::nullopt,
         .text = "",
         .label = "",
         .classes = {{"ABBR", "Abbreviation"},
                     {"ENTY", "Entity"},
                     {"DESC", "Description"},
                     {"HUM", "Person"},
                     {"LOC", "Location"},
                     {"NUM", "Number"}},
         .prompt_template = "Question: {text}\nAnswer Type:"},
        {.name = "agnews",
         .train_file = "train.csv",
         .test_file = "test.csv",
         .published_train = 120000,
         .published_test = 7600,
         .table = csv_without_header,
         .text = "{column_2} {column_3}",
         .label = "column_1",
         .classes = {{"1", "World"}, {"2", "Sports"}, {"3", "Business"}, {"4", "Technology"}},
         .prompt_template = "Article: {text}\nAnswer:"},
    };
}

[[noreturn]] void refuse_pattern(const std::string& pattern, const std::string& where, const std::string& what) {
    throw ConfigError(where, "the text pattern \"" + pattern + "\" has " + what, "it says which columns make the text of a row",
                      "write column names in braces, for example \"{title}. {body}\"");
}

}  // namespace

const std::vector<BuiltinFormat>& builtin_formats() {
    static const std::vector<BuiltinFormat> formats = make_builtin_formats();
    return formats;
}

const BuiltinFormat* find_builtin_format(std::string_view name) {
    const auto& formats = builtin_formats();
    const auto found = std::find_if(formats.begin(), formats.end(), [&](const BuiltinFormat& format) { return format.name == name; });
    return found == formats.end() ? nullptr : &*found;
}

TextPattern parse_text_pattern(const std::string& pattern, const std::string& where) {
    TextPattern parsed;
    std::size_t at = 0;
    while (true) {
        const auto open = pattern.find_first_of("{}", at);
        parsed.literals.push_back(pattern.substr(at, open - at));
        if (open == std::string::npos) break;
        if (pattern[open] == '}') refuse_pattern(pattern, where, "a } without its {");
        const auto close = pattern.find_first_of("{}", open + 1);
        if (close == std::string::npos || pattern[close] == '{') refuse_pattern(pattern, where, "a { without its }");
        if (close == open + 1) refuse_pattern(pattern, where, "an empty column name");
        parsed.columns.push_back(pattern.substr(open + 1, close - open - 1));
        at = close + 1;
    }
    if (parsed.columns.empty()) refuse_pattern(pattern, where, "no column");
    return parsed;
}

}  // namespace layersweep
