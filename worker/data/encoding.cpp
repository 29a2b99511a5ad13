#include "worker/data/encoding.hpp"

#include <algorithm>
#include <string>

#include "protocol/errors.hpp"
#include "worker/data/tokenizer/tokenizer_files.hpp"

namespace layersweep {
namespace {

/// A text with the byte range of the part that may be shortened.
struct Rendered {
    std::string text;
    std::size_t begin = 0, end = 0;
};

/// Renders rows of one trial and encodes them.
class RowEncoder {
public:
    RowEncoder(const Dataset& dataset, const Sample& sample, Mode mode, const Tokenizer& tokenizer, const InputRules& rules,
               const std::function<void()>& each_row)
        : dataset_(dataset), mode_(mode), tokenizer_(tokenizer), max_length_(rules.max_length), each_row_(each_row) {
        around_ = tokenizer.surroundings() != nullptr ? *tokenizer.surroundings() : Surroundings{rules.prefix_ids, {}};
        if (mode == Mode::cls) return;
        for (const auto index : sample.demonstrations) {
            const Row& row = dataset.train.rows.at(index);
            const auto& word = dataset.classes.at(static_cast<std::size_t>(row.label)).word;
            demonstrations_ += fill_template(dataset.prompt_template, row.text) + " " + word + "\n";
        }
    }

    std::vector<EncodedRow> encode(const Split& split, const std::vector<std::uint32_t>& indices) {
        std::vector<EncodedRow> encoded;
        encoded.reserve(indices.size());
        for (const auto index : indices) {
            encoded.push_back(encode_row(split.rows.at(index)));
            each_row_();
        }
        return encoded;
    }

    [[nodiscard]] std::int64_t cut_rows() const { return cut_rows_; }

private:
    [[nodiscard]] Rendered render(const Row& row) const {
        if (mode_ == Mode::cls) return {row.text, 0, row.text.size()};
        std::size_t offset = 0;
        const auto query = fill_template(dataset_.prompt_template, row.text, &offset);
        offset += demonstrations_.size();
        return {demonstrations_ + query, offset, offset + row.text.size()};
    }

    EncodedRow encode_row(const Row& row) {
        const Rendered input = render(row);
        const auto tokens = tokenizer_.encode(input.text);
        const auto length = static_cast<std::int64_t>(around_.front.size() + tokens.size() + around_.behind.size());
        auto to_drop = std::max<std::int64_t>(length - max_length_, 0);
        if (to_drop > 0) ++cut_rows_;
        EncodedRow encoded{around_.front, row.number, row.label};
        encoded.ids.reserve(static_cast<std::size_t>(length));
        for (const Token& token : tokens) {
            const bool of_text = token.begin >= input.begin && token.begin < input.end && token.end <= input.end;
            if (of_text && to_drop > 0) {
                --to_drop;
            } else {
                encoded.ids.push_back(token.id);
            }
        }
        const bool nothing_to_read = encoded.ids.size() == around_.front.size();
        encoded.ids.insert(encoded.ids.end(), around_.behind.begin(), around_.behind.end());
        if (to_drop > 0 || (nothing_to_read && !tokens.empty())) refuse_length(row, encoded.ids.size());
        if (nothing_to_read) refuse_text(row);
        return encoded;
    }

    [[noreturn]] void refuse_length(const Row& row, std::size_t length) const {
        throw ConfigError("",
                          "the input of row " + std::to_string(row.number + 1) + " has " + std::to_string(length) +
                              " tokens even without its text, and the model has " + std::to_string(max_length_) + " positions",
                          "demonstrations and template are never cut", "ask for fewer demonstrations_per_class, or use a longer model");
    }

    [[noreturn]] void refuse_text(const Row& row) const {
        throw ConfigError("", "the text of row " + std::to_string(row.number + 1) + " gives no token",
                          "its tokenizer leaves bytes out that its vocabulary does not have", "take the row out of the data set");
    }

    const Dataset& dataset_;
    Mode mode_;
    const Tokenizer& tokenizer_;
    std::int64_t max_length_;
    const std::function<void()>& each_row_;
    Surroundings around_;
    std::string demonstrations_;  ///< each with its label word and a newline behind
    std::int64_t cut_rows_ = 0;
};

}  // namespace

std::string encoding_key(const Trial& trial) {
    const auto& settings = trial.training;
    const auto number_or_all = [](const std::optional<std::int64_t>& count) { return count ? std::to_string(*count) : "all"; };
    std::string key = trial.model.fingerprint + ' ' + trial.dataset.fingerprint;
    for (const auto& part :
         {std::string(trial.mode == Mode::cls ? "text" : "prompt"), std::to_string(trial.seed), number_or_all(settings.shots),
          std::to_string(settings.demonstrations_per_class), number_or_all(settings.test_rows), number_or_all(settings.validation_rows)})
        key += ' ' + part;
    return key;
}

EncodedTask encode_task(const Dataset& dataset, const Sample& sample, Mode mode, const Tokenizer& tokenizer, const InputRules& rules,
                        const std::function<void()>& each_row) {
    LAYERSWEEP_CHECK(rules.max_length > 0, "a model without positions");
    RowEncoder encoder(dataset, sample, mode, tokenizer, rules, each_row);
    EncodedTask task;
    task.training = encoder.encode(dataset.train, sample.training);
    task.validation = encoder.encode(dataset.validation.rows.empty() ? dataset.train : dataset.validation, sample.validation);
    task.test = encoder.encode(dataset.test, sample.test);
    task.label_token_ids = label_tokens(dataset.classes, tokenizer);
    task.cut_rows = encoder.cut_rows();
    task.training_per_class = sample.training_per_class;
    measure(task);
    return task;
}

void measure(EncodedTask& task) {
    const EncodedRow* first = nullptr;
    std::size_t shared = 0, longest = 0;
    std::vector<bool> seen;
    TaskSize size;
    const auto see = [&](std::int32_t token) {
        if (seen.size() <= std::size_t(token)) seen.resize(std::size_t(token) + 1);
        if (!seen[std::size_t(token)]) ++size.distinct_tokens;
        seen[std::size_t(token)] = true;
    };
    task.for_each_row([&](const EncodedRow& row) {
        if (first == nullptr) {
            first = &row;
            shared = row.ids.size();
        }
        // The last token is the one that is read: it is never shared.
        shared = std::min(shared, row.ids.size() - 1);
        const auto compared = first->ids.begin() + std::ptrdiff_t(shared);
        shared = std::size_t(std::mismatch(first->ids.begin(), compared, row.ids.begin()).first - first->ids.begin());
        longest = std::max(longest, row.ids.size());
        for (const auto token : row.ids) see(token);
    });
    for (const auto token : task.label_token_ids) see(token);
    const auto sums_of = [](const std::vector<EncodedRow>& rows) {
        TokenSums sums;
        for (const auto& row : rows) sums.add(std::int64_t(row.ids.size()));
        return sums;
    };
    size.training = sums_of(task.training);
    size.validation = sums_of(task.validation);
    size.test = sums_of(task.test);
    size.shared_prefix = std::int64_t(shared);
    size.longest = std::int64_t(longest);
    size.classes = std::int64_t(task.label_token_ids.size());
    task.size = size;
}

std::vector<std::int32_t> label_tokens(const std::vector<ClassLabel>& classes, const Tokenizer& tokenizer) {
    std::vector<std::int32_t> ids;
    for (const auto& one : classes) {
        const auto tokens = tokenizer.encode_ids(" " + one.word);
        if (tokens.empty())
            throw ConfigError("", "the label word \"" + one.word + "\" gives no token",
                              "its tokenizer leaves bytes out that its vocabulary does not have", "choose another label word");
        ids.push_back(tokens.front());
    }
    return ids;
}

void check_vocabulary(const EncodedTask& task, Mode mode, std::int64_t vocabulary, const std::string& folder) {
    const auto check = [&](const std::vector<std::int32_t>& ids) {
        for (const auto id : ids) {
            if (id < vocabulary) continue;
            throw ConfigError(folder, "the tokenizer gives token " + std::to_string(id),
                              "the model's vocabulary has " + std::to_string(vocabulary) + " rows",
                              "use the tokenizer files and weights of one model");
        }
    };
    task.for_each_row([&](const EncodedRow& row) { check(row.ids); });
    if (mode == Mode::lm) check(task.label_token_ids);
}

void check_label_tokens(const std::vector<ClassLabel>& classes, const std::vector<std::int32_t>& label_token_ids,
                        const std::string& where) {
    LAYERSWEEP_CHECK(classes.size() == label_token_ids.size(), "as many label tokens as classes");
    for (std::size_t i = 0; i < classes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (label_token_ids[i] != label_token_ids[j]) continue;
            throw ConfigError(where,
                              "the label words \"" + classes[j].word + "\" and \"" + classes[i].word + "\" begin with the same token",
                              "only the first sub-token of a label word is scored, so these classes could not be told apart",
                              "choose other label words, or leave out the mode lm");
        }
    }
}

}  // namespace layersweep
