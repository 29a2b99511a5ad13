#include "worker/training/warm_store.hpp"

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/data/sampling.hpp"

namespace layersweep {

namespace {

/// Encoded inputs kept at most; a grid walks through few (data set, seed) pairs at a time.
constexpr std::size_t tasks_kept = 16;

std::string number_or_all(const std::optional<std::int64_t>& count) {
    return count ? std::to_string(*count) : "all";
}

std::string task_key(const Trial& trial) {
    const auto& settings = trial.training;
    return fmt::format("{} {} {} {} {} {} {} {}", trial.model.fingerprint, trial.dataset.fingerprint, trial.mode == Mode::cls, trial.seed,
                       number_or_all(settings.shots), settings.demonstrations_per_class, number_or_all(settings.test_rows),
                       number_or_all(settings.validation_rows));
}

/// A token without a row in the embedding means that tokenizer and weights are of two models.
void check_vocabulary(const EncodedTask& task, const WarmModel& model) {
    for (const auto* rows : {&task.training, &task.validation, &task.test})
        for (const auto& row : *rows)
            for (const auto id : row.ids)
                if (id >= model.spec.vocabulary)
                    throw ConfigError(model.folder, fmt::format("the tokenizer gives token {}", id),
                                      fmt::format("the model's vocabulary has {} rows", model.spec.vocabulary),
                                      "use the tokenizer files and weights of one model");
}

}  // namespace

const WarmModel& WarmStore::model(const ModelRef& ref) {
    auto& slot = models_[ref.fingerprint];
    if (!slot || slot->folder != ref.path)
        slot = std::make_unique<WarmModel>(
            WarmModel{ref.path, read_decoder_spec(ref.path), Checkpoint::open(ref.path), Tokenizer::open(ref.path)});
    return *slot;
}

const Dataset& WarmStore::dataset(const DatasetRef& ref) {
    auto& slot = datasets_[ref.fingerprint];
    if (!slot) slot = std::make_unique<Dataset>(load_dataset(ref));
    return *slot;
}

std::shared_ptr<const EncodedTask> WarmStore::task(const Trial& trial) {
    const auto key = task_key(trial);
    if (const auto found = tasks_.find(key); found != tasks_.end()) return found->second;
    const auto& read = dataset(trial.dataset);
    const auto& opened = model(trial.model);
    const auto sample = draw_sample(read, trial.seed, trial.training);
    auto task = std::make_shared<const EncodedTask>(encode_task(read, sample, trial.mode, opened.tokenizer, opened.spec.input));
    check_vocabulary(*task, opened);
    if (tasks_.size() >= tasks_kept) tasks_.clear();
    return tasks_[key] = task;
}

}  // namespace layersweep
