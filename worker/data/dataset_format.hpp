#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/trial.hpp"
#include "worker/data/text_table.hpp"

namespace layersweep {

/// Where a prompt template takes the text.
inline constexpr std::string_view placeholder = "{text}";

/// What is known of a built-in format: where its publisher put what, and how the paper prompts for it (docs/experiment.md).
struct BuiltinFormat {
    std::string_view name;
    std::string_view train_file, test_file;  ///< of the split that is evaluated
    std::int64_t published_train = 0, published_test = 0;
    std::optional<TextTableFormat> table;  ///< nullopt: TREC's own lines
    std::string_view text, label;          ///< as in DatasetRef
    std::vector<ClassLabel> classes;
    std::string_view prompt_template;
};

/// The four formats of the paper, in its order.
[[nodiscard]] const std::vector<BuiltinFormat>& builtin_formats();
[[nodiscard]] const BuiltinFormat* find_builtin_format(std::string_view name);

/// A text pattern such as "{title}. {body}" taken apart: literal, column, literal, column, …, literal.
struct TextPattern {
    std::vector<std::string> literals;  ///< one more than columns
    std::vector<std::string> columns;
};

/// Throws ConfigError for a brace without its partner, an empty name, or no column at all.
[[nodiscard]] TextPattern parse_text_pattern(const std::string& pattern, const std::string& where);

}  // namespace layersweep
