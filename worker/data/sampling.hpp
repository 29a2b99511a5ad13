#pragma once

#include <cstdint>
#include <vector>

#include "protocol/trial.hpp"
#include "worker/data/dataset.hpp"

namespace layersweep {

/// Which rows a trial uses: indices into the splits' `rows`. The same for every model, mode and layer count of one (dataset, seed, sizes).
struct Sample {
    std::vector<std::uint32_t> demonstrations;  ///< of train, in class-id order, `demonstrations_per_class` each
    std::vector<std::uint32_t> training;        ///< of train, in row order
    std::vector<std::uint32_t> validation;      ///< of the validation split if it has rows, else of train; in row order
    std::vector<std::uint32_t> test;            ///< of test, in row order
    std::vector<std::int64_t> training_per_class;
};

/// Draws by priority as docs/experiment.md says. Throws ConfigError where a class has no row left for a demonstration or for training.
[[nodiscard]] Sample draw_sample(const Dataset& dataset, std::uint64_t seed, const TrainingSettings& settings);

/// Order of the training rows in `epoch` (from 1): a permutation of [0, rows).
[[nodiscard]] std::vector<std::uint32_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::uint32_t rows);

}  // namespace layersweep
