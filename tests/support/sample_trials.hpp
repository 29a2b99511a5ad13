#pragma once

#include <string>
#include <vector>

#include "orchestrator/grid/grid.hpp"
#include "protocol/result.hpp"
#include "protocol/trial.hpp"
#include "protocol/work.hpp"

namespace layersweep::test {

/// A trial whose key is 31 zeros and its letter.
inline Trial sample_trial(char letter, std::int64_t gang = 1) {
    Trial trial;
    trial.key.hex = std::string(31, '0') + letter;
    trial.model.name = "tiny";
    trial.dataset.name = "toy";
    trial.dataset.classes = {{"0", "Negative"}, {"1", "Positive"}};
    trial.resources.gang = gang;
    return trial;
}

/// As GPT-2 and OPT are: learned positions, biases, an MLP of four times the width, a tied head.
inline DecoderSize sample_decoder(std::int64_t d_model, std::int64_t vocabulary, std::int64_t positions) {
    const auto square = d_model * d_model;
    return {.d_model = d_model,
            .vocabulary = vocabulary,
            .position_rows = positions,
            .query_width = d_model,
            .keys_values = 2 * square,
            .block_matrices = 12 * square,
            .block_parameters = 12 * square + 13 * d_model,
            .final_norm = 2 * d_model};
}

/// One trial per letter, all of the same gang.
inline Grid sample_grid(const std::string& letters, std::int64_t gang = 1) {
    Grid grid{.sweep = "sample"};
    for (const char letter : letters) grid.trials.push_back(sample_trial(letter, gang));
    return grid;
}

inline Result sample_result(double accuracy) {
    Result result{.accuracy = accuracy, .macro_f1 = accuracy / 3};
    result.confusion = {{3, 1}, {0, 4}};
    result.curve = {{.epoch = 1, .train_loss = 0.1, .validation_accuracy = 1.0 / 3}};
    result.weights_hash = std::string(32, 'a');
    return result;
}

}  // namespace layersweep::test
