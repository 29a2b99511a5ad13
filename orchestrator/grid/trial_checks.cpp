#include "orchestrator/grid/trial_checks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/grid/grid.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

std::string where(const AxisPoint& point, const SweepConfig& config, const std::string& setting) {
    const auto found = point.places.find(setting);
    return (found == point.places.end() ? config.place : found->second).text();
}

std::string trial_text(const Trial& trial) {
    return fmt::format("the trial is {}", label_of(trial));
}

void check_layers(const AxisPoint& point, const SweepConfig& config) {
    const Trial& trial = point.trial;
    if (trial.layers <= point.model->layers) return;
    throw ConfigError(where(point, config, "layers"),
                      fmt::format("{} has {} blocks, so {} cannot be kept", trial.model.name, point.model->layers, trial.layers),
                      trial_text(trial),
                      fmt::format("leave it out: exclude: - {{ model: {}, layers: {} }}", trial.model.name, trial.layers));
}

void check_gang(const AxisPoint& point, const SweepConfig& config) {
    const auto batch = point.trial.training.batch;
    const auto gang = point.trial.resources.gang;
    if (batch % gang == 0) return;
    const bool gang_written = point.places.contains("gang");
    throw ConfigError(where(point, config, gang_written ? "gang" : "batch"),
                      fmt::format("a batch of {} cannot be split over a gang of {}", batch, gang),
                      fmt::format("every member trains the same number of rows of a full batch; {}", trial_text(point.trial)),
                      "make batch a multiple of gang");
}

void check_precision(const AxisPoint& point, const SweepConfig& config) {
    const Trial& trial = point.trial;
    const Precision precision = trial.training.precision;
    if (precision == Precision::tf32 && trial.resources.device == Device::cpu) {
        throw ConfigError(where(point, config, "precision"), "precision tf32 is for GPUs, but the device is cpu",
                          fmt::format("nothing falls back silently; {}", trial_text(trial)), "use fp32 or bf16, or set device: cuda");
    }
    if (precision == Precision::fp64 && trial.resources.device == Device::cuda) {
        throw ConfigError(where(point, config, "precision"), "precision fp64 is for CPUs, but the device is cuda",
                          fmt::format("it is for tests of exactness; {}", trial_text(trial)), "set device: cpu, or precision: fp32");
    }
}

}  // namespace

void check_trial(const AxisPoint& point, const SweepConfig& config) {
    check_layers(point, config);
    check_gang(point, config);
    check_precision(point, config);
}

void resolve_trial(AxisPoint& point) {
    TrainingSettings& training = point.trial.training;
    const DatasetFacts& dataset = *point.dataset;
    training.test_rows = std::min(training.test_rows.value_or(dataset.test_rows), dataset.test_rows);
    if (dataset.validation_rows > 0) {
        training.validation_rows = std::min(training.validation_rows.value_or(dataset.validation_rows), dataset.validation_rows);
    } else {
        training.validation_rows = training.validation_rows.value_or(*training.test_rows);
    }
    const bool prune_matters = point.trial.layers > 0 && point.trial.layers < point.model->layers;
    if (!prune_matters) training.prune = Prune::first;
}

}  // namespace layersweep
