#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "protocol/trial.hpp"
#include "protocol/work.hpp"
#include "worker/data/dataset.hpp"
#include "worker/data/sampling.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"

namespace layersweep {

/// One model input of one row.
struct EncodedRow {
    std::vector<std::int32_t> ids;
    std::int64_t row = 0;  ///< Row::number
    std::int32_t label = 0;
};

/// All that a trial feeds the model.
struct EncodedTask {
    std::vector<EncodedRow> training, validation, test;
    std::vector<std::int32_t> label_token_ids;  ///< first sub-token of " " + label word, one per class
    std::int64_t cut_rows = 0;                  ///< inputs that lost tokens of their text
    std::vector<std::int64_t> training_per_class;
    TaskSize size;

    /// Calls `visit` with every row.
    template <class Visit>
    void for_each_row(Visit&& visit) const {
        for (const auto* rows : {&training, &validation, &test})
            for (const auto& row : *rows) visit(row);
    }
};

/// What the model's family says about its inputs.
struct InputRules {
    /// In front of every input (OPT: {2}; GPT-2: none) where the tokenizer's files do not say what stands around one.
    std::vector<std::int32_t> prefix_ids;
    std::int64_t max_length = 0;  ///< positions, all that stands around included
};

/// Equal for two trials that feed the model the same; lm and p-cls prompt alike.
[[nodiscard]] std::string encoding_key(const Trial& trial);

/// Finds `size`.
void measure(EncodedTask& task);

/// Renders and encodes whole inputs (docs/experiment.md): prompts with demonstrations for lm and p-cls, the text alone for cls.
/// Throws ConfigError where a prompt is too long without its text. `each_row` is called behind every row.
[[nodiscard]] EncodedTask encode_task(
    const Dataset& dataset, const Sample& sample, Mode mode, const Tokenizer& tokenizer, const InputRules& rules,
    const std::function<void()>& each_row = [] {});

/// First sub-token of " " + each class's word.
[[nodiscard]] std::vector<std::int32_t> label_tokens(const std::vector<ClassLabel>& classes, const Tokenizer& tokenizer);

/// Throws ConfigError where a token that is read or scored has no row in an embedding of `vocabulary` rows: tokenizer and weights of the
/// model in `folder` are of two models.
void check_vocabulary(const EncodedTask& task, Mode mode, std::int64_t vocabulary, const std::string& folder);

/// Throws ConfigError where two label words share their first sub-token.
void check_label_tokens(const std::vector<ClassLabel>& classes, const std::vector<std::int32_t>& label_token_ids, const std::string& where);

}  // namespace layersweep
