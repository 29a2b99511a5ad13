#include "orchestrator/schedule/cost_model.hpp"

#include <algorithm>

namespace layersweep {
namespace {

constexpr double forward = 1;
constexpr double forward_and_backward = 3;
/// `shots: all` and `test_rows: all` depend on the data set, which is not looked at here: as many as the largest that people use.
constexpr double all_rows = 100'000;

double classes_of(const Trial& trial) {
    return static_cast<double>(std::max<std::size_t>(2, trial.dataset.classes.size()));
}

/// Texts per input: the modes that prompt see the demonstrations too.
double texts_per_row(const Trial& trial) {
    if (trial.mode == Mode::cls) return 1;
    return 1 + classes_of(trial) * static_cast<double>(trial.training.demonstrations_per_class);
}

double work_per_text(const Trial& trial, const ModelFacts& model) {
    const bool whole_vocabulary = trial.mode == Mode::lm && trial.training.loss != Loss::label_words;
    const auto head = static_cast<double>(model.d_model) * (whole_vocabulary ? static_cast<double>(model.vocabulary) : classes_of(trial));
    return static_cast<double>(trial.layers) * static_cast<double>(model.block_parameters) + head;
}

}  // namespace

double relative_cost(const Trial& trial, const ModelFacts& model) {
    const TrainingSettings& training = trial.training;
    const auto shots = training.shots ? static_cast<double>(*training.shots) * classes_of(trial) : all_rows;
    const auto test_rows = training.test_rows ? static_cast<double>(*training.test_rows) : all_rows;
    const auto validation_rows = training.validation_rows ? static_cast<double>(*training.validation_rows) : test_rows;
    const auto epochs = static_cast<double>(training.epochs);
    const double passes = epochs * (shots * forward_and_backward + validation_rows * forward) + test_rows * forward;
    const auto gang = static_cast<double>(std::max<std::int64_t>(1, trial.resources.gang));
    return passes * texts_per_row(trial) * work_per_text(trial, model) / gang;
}

}  // namespace layersweep
