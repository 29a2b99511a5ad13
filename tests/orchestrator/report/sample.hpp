#pragma once

#include <fmt/format.h>

#include <deque>
#include <string>
#include <utility>

#include "orchestrator/report/report.hpp"

namespace layersweep {

/// A grid with results that a test fills trial by trial.
struct Sample {
    Grid grid{.sweep = "sample"};
    std::deque<Result> results;  ///< a deque: the report points into it
    ReportInput input;

    Sample() = default;
    Sample(const Sample&) = delete;
    Sample& operator=(const Sample&) = delete;

    /// Appends a trial to the grid; its key is its number in 32 digits.
    TrialKey add(const std::string& model, const std::string& dataset, Mode mode, std::int64_t layers, std::uint64_t seed,
                 std::vector<std::pair<std::string, std::string>> axes = {}) {
        Trial trial{.mode = mode, .layers = layers, .seed = seed, .other_axes = std::move(axes)};
        trial.model.name = model;
        trial.dataset.name = dataset;
        trial.dataset.classes = {{"0", "Negative"}, {"1", "Positive"}};
        trial.key.hex = fmt::format("{:032}", grid.trials.size());
        grid.trials.push_back(trial);
        return trial.key;
    }

    Result& finish(const TrialKey& key, double accuracy) {
        Result result{.accuracy = accuracy, .macro_f1 = accuracy / 2};
        results.push_back(result);
        input.finished[key] = {.result = &results.back(), .leader = {.host = "node,1", .device = "cpu", .machine_class = "avx2"}};
        return results.back();
    }

    /// The input with its pointers into this sample, which must stay.
    const ReportInput& report() {
        input.grid = &grid;
        return input;
    }
};

}  // namespace layersweep
