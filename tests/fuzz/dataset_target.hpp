#pragma once

#include <filesystem>

#include "protocol/utf8.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "worker/data/dataset.hpp"

namespace layersweep::test {

/// Loads the data set whose files, train and test, are all this input: every row has text, in UTF-8, and a class.
inline void load_as(DatasetRef ref, std::string_view input) {
    ref.name = "fuzzed";
    ref.folder = scratch().path().string();
    static const auto files = dataset_files(ref);
    for (const auto& file : files) (void)scratch().write(std::filesystem::path(file).filename().string(), input);
    (void)accepted<ConfigError>([&] {
        const Dataset dataset = load_dataset(ref);
        for (const Row& row : dataset.train.rows) {
            LAYERSWEEP_CHECK(!row.text.empty() && is_utf8(row.text) && strip(row.text) == row.text, "a row's text is not as promised");
            LAYERSWEEP_CHECK(row.label >= 0 && std::size_t(row.label) < dataset.classes.size(), "a row has no class");
        }
        LAYERSWEEP_CHECK(dataset.train.rows.size() == dataset.test.rows.size(), "the same file was read in two ways");
    });
}

/// A file of the generic formats with the columns text, more and label.
inline void load_generic(const std::string& format, std::string_view input) {
    load_as({.format = format,
             .train = {(scratch().path() / "train").string()},
             .test = {(scratch().path() / "test").string()},
             .text = "{text}. {more}",
             .label = "label",
             .classes = {{"1", "Bad"}, {"good, \"5\"", "Good"}},
             .prompt_template = "{text}:"},
            input);
}

}  // namespace layersweep::test
