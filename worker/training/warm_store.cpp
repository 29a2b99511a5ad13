#include "worker/training/warm_store.hpp"

#include "worker/data/sampling.hpp"

namespace layersweep {

namespace {

/// Encoded inputs kept at most; a grid walks through few (data set, seed) pairs at a time.
constexpr std::size_t tasks_kept = 16;

}  // namespace

const WarmModel& WarmStore::model(const ModelRef& ref) {
    auto& slot = models_[ref.fingerprint];
    if (!slot || slot->folder != ref.path)
        slot = std::make_unique<WarmModel>(
            WarmModel{ref.path, read_decoder_spec(ref.path), Checkpoint::open(ref.path), Tokenizer::open(ref.path)});
    pulse_.beat();
    return *slot;
}

const Dataset& WarmStore::dataset(const DatasetRef& ref) {
    auto& slot = datasets_[ref.fingerprint];
    if (!slot) slot = std::make_unique<Dataset>(load_dataset(ref));
    pulse_.beat();
    return *slot;
}

std::shared_ptr<const EncodedTask> WarmStore::task(const Trial& trial) {
    const auto key = encoding_key(trial);
    if (const auto found = tasks_.find(key); found != tasks_.end()) return found->second;
    const auto& read = dataset(trial.dataset);
    const auto& opened = model(trial.model);
    const auto sample = draw_sample(read, trial.seed, trial.training);
    auto task = std::make_shared<const EncodedTask>(
        encode_task(read, sample, trial.mode, opened.tokenizer, opened.spec.input, [this] { pulse_.beat(); }));
    for (const auto* rows : {&task->training, &task->validation, &task->test})
        for (const auto& row : *rows) check_vocabulary(row.ids, opened.spec.vocabulary, opened.folder);
    if (tasks_.size() >= tasks_kept) tasks_.clear();
    return tasks_[key] = task;
}

}  // namespace layersweep
