#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "protocol/trial.hpp"
#include "protocol/work.hpp"

namespace layersweep {

/// What the grid has to know about a model folder; found by cli/ with the worker's LibTorch-free readers.
struct ModelFacts {
    ModelRef ref;
    std::string family;
    std::int64_t layers = 0;
    std::int64_t positions = 0;  ///< longest input in tokens
    DecoderSize size;
    bool drops_out = false;  ///< its config has a dropout rate above 0
    /// Of the model with `kept` blocks and its own head.
    [[nodiscard]] std::int64_t parameters(std::int64_t kept) const { return trained_parameters(size, Mode::lm, kept, 0); }
};

struct DatasetFacts {
    DatasetRef ref;                                                   ///< classes, template and fingerprint filled in
    std::int64_t train_rows = 0, test_rows = 0, validation_rows = 0;  ///< rows with text; validation 0: taken from train
    std::int64_t published_train_rows = 0, published_test_rows = 0;   ///< what the publisher's splits have; 0: not known
    std::int64_t dropped_rows = 0;                                    ///< rows whose text was empty
};

/// Facts by the short names of the sweep file.
struct Catalog {
    std::map<std::string, ModelFacts> models;
    std::map<std::string, DatasetFacts> datasets;
};

}  // namespace layersweep
