#pragma once

#include <cstdint>
#include <string>

#include "protocol/trial.hpp"
#include "tests/support/temporary_directory.hpp"
#include "worker/data/dataset.hpp"

namespace layersweep::test {

/// Folder of a model that tools/make_reference_fixtures.py made: 3 blocks, d_model 16, 64 tokens, 32 positions.
inline std::string fixture_folder(const std::string& family) {
    return std::string(LAYERSWEEP_SOURCE_DIR) + "/tests/worker/training/fixtures/" + family;
}

/// A trial on a tiny model: 2 of its 3 blocks, float64, no dropout; its data set has no files.
inline Trial tiny_trial(const std::string& family, Mode mode) {
    Trial trial;
    trial.model = {.name = family, .path = fixture_folder(family), .fingerprint = family};
    trial.mode = mode;
    trial.layers = 2;
    trial.training.precision = Precision::fp64;
    trial.training.dropout = 0.0;
    trial.training.learning_rate = 1e-3;
    return trial;
}

/// A data set of three classes in files of its own: which letters a text holds decides its class, most of the time.
class TinyDataset {
public:
    explicit TinyDataset(std::uint32_t state = 1) {
        ref_ = {.name = "letters",
                .format = "csv",
                .train = {folder_.write("train.csv", rows(90, state))},
                .test = {folder_.write("test.csv", rows(20, state + 1))},
                .validation = {folder_.write("validation.csv", rows(20, state + 2))},
                .header = true,
                .text = "{text}",
                .label = "label",
                .classes = {{"0", "n"}, {"1", "p"}, {"2", "q"}},
                .prompt_template = "{text}:"};
        ref_ = describe_dataset(ref_);
    }
    [[nodiscard]] const DatasetRef& ref() const { return ref_; }

private:
    static std::string rows(int count, std::uint32_t state) {
        std::string text = "text,label\n";
        const auto next = [&] { return (state = state * 1664525U + 1013904223U) >> 16; };
        for (int row = 0; row < count; ++row) {
            const int label = row % 3, shown = next() % 8 == 0 ? int(next() % 3) : label;
            for (std::uint32_t letter = 0, length = 1 + next() % 4; letter < length; ++letter)
                text += char('a' + shown * 3 + int(next() % 4));
            text += "," + std::to_string(label) + "\n";
        }
        return text;
    }

    TemporaryDirectory folder_;
    DatasetRef ref_;
};

/// 21 training rows in batches of 5, so that the last batch of an epoch has one row; 50 steps in 10 epochs.
inline Trial letters_trial(const std::string& family, Mode mode, const TinyDataset& dataset) {
    auto trial = tiny_trial(family, mode);
    trial.dataset = dataset.ref();
    trial.seed = 7;
    trial.training.shots = 7;
    trial.training.batch = 5;
    trial.training.epochs = 10;
    trial.training.patience = std::nullopt;
    return trial;
}

}  // namespace layersweep::test
