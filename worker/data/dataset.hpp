#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/trial.hpp"

namespace layersweep {

/// One row as published: its number in its file(s) from 0 (dropped rows keep theirs), its text stripped of white space at both ends.
struct Row {
    std::int64_t number = 0;
    std::string text;
    std::int32_t label = 0;
};

/// The rows of one split.
struct Split {
    std::vector<Row> rows;
    std::int64_t dropped = 0;    ///< rows whose text was empty after stripping
    std::int64_t published = 0;  ///< rows the publisher's split has; 0 where not known
};

/// A text classification task in memory: rows, classes and the template of one example.
struct Dataset {
    std::vector<ClassLabel> classes;  ///< in class-id order
    std::string prompt_template;      ///< with one {text}
    Split train, test, validation;    ///< validation.rows empty: validation rows are taken from train
};

/// Reads all splits. Throws ConfigError naming file and row for anything malformed (unknown label, missing column, bad encoding, missing
/// file): nothing is skipped but rows with empty text, which are counted.
[[nodiscard]] Dataset load_dataset(const DatasetRef& ref);

/// The reference with all that the built-in formats know filled in (classes, template), and its fingerprint. Paths are checked to exist.
[[nodiscard]] DatasetRef describe_dataset(const DatasetRef& ref);

/// The files that `load_dataset` would read, in a fixed order.
[[nodiscard]] std::vector<std::string> dataset_files(const DatasetRef& ref);

/// The template with {text} replaced; `text_offset` receives the byte where the text begins.
[[nodiscard]] std::string fill_template(const std::string& prompt_template, const std::string& text, std::size_t* text_offset = nullptr);

}  // namespace layersweep
