#include "worker/training/task_inputs.hpp"

#include "worker/data/sampling.hpp"

namespace layersweep {

std::shared_ptr<const WarmModel> open_model(const ModelRef& ref) {
    return std::make_shared<const WarmModel>(
        WarmModel{ref.path, read_decoder_spec(ref.path), Checkpoint::open(ref.path), Tokenizer::open(ref.path)});
}

void complete(TaskInputs& inputs, const Trial& trial, const std::function<void()>& each_part) {
    if (!inputs.model) inputs.model = open_model(trial.model);
    each_part();
    if (inputs.task) return;
    if (!inputs.dataset) inputs.dataset = std::make_shared<const Dataset>(load_dataset(trial.dataset));
    each_part();
    const auto& [folder, spec, checkpoint, tokenizer] = *inputs.model;
    const auto sample = draw_sample(*inputs.dataset, trial.seed, trial.training);
    auto task = std::make_shared<const EncodedTask>(encode_task(*inputs.dataset, sample, trial.mode, tokenizer, spec.input, each_part));
    check_vocabulary(*task, trial.mode, spec.vocabulary, folder);
    inputs.task = std::move(task);
}

}  // namespace layersweep
