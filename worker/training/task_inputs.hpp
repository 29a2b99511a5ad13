#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocol/trial.hpp"
#include "worker/data/dataset.hpp"
#include "worker/data/encoding.hpp"
#include "worker/data/tokenizer/tokenizer.hpp"
#include "worker/model/checkpoint/checkpoint.hpp"
#include "worker/model/family/family.hpp"

namespace layersweep {

/// A model folder opened once per worker.
struct WarmModel {
    std::string folder;
    DecoderSpec spec;
    Checkpoint checkpoint;
    Tokenizer tokenizer;
};

/// What a trial reads, and what it feeds the model of it. None of it changes once it is made, so threads may share it.
struct TaskInputs {
    std::shared_ptr<const WarmModel> model;
    std::shared_ptr<const Dataset> dataset;
    std::shared_ptr<const EncodedTask> task;
};

[[nodiscard]] std::shared_ptr<const WarmModel> open_model(const ModelRef& ref);

/// Makes what is missing of a trial's inputs, which depend on the trial alone. `each_part` is called behind everything read and every row
/// encoded; what it throws ends the work. Throws ConfigError for inputs that cannot be used.
void complete(TaskInputs& inputs, const Trial& trial, const std::function<void()>& each_part);

}  // namespace layersweep
