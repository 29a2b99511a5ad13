#include "worker/training/warm_store.hpp"

#include <algorithm>

namespace layersweep {

namespace {

/// Encoded inputs kept at most; a grid walks through few (data set, seed) pairs at a time.
constexpr std::size_t tasks_kept = 16;

}  // namespace

const WarmModel& WarmStore::model(const ModelRef& ref) {
    auto& slot = models_[ref.fingerprint];
    if (!slot || slot->folder != ref.path) slot = open_model(ref);
    pulse_.beat();
    return *slot;
}

std::shared_ptr<const EncodedTask> WarmStore::task(const Trial& trial) {
    if (preparer_.is_about(trial) || !preparer_.is_at_work()) keep_prepared();
    auto inputs = known_of(trial);
    complete(inputs, trial, [this] { pulse_.beat(); });
    keep(trial, inputs);
    return inputs.task;
}

void WarmStore::prepare(const Trial& next) {
    if (preparer_.is_at_work()) return;
    keep_prepared();
    auto known = known_of(next);
    if (!known.model || !known.task) preparer_.begin(next, std::move(known));
}

void WarmStore::keep_prepared() {
    if (const auto prepared = preparer_.take(pulse_)) keep(prepared->trial, prepared->inputs);
}

TaskInputs WarmStore::known_of(const Trial& trial) const {
    TaskInputs known;
    const auto model = models_.find(trial.model.fingerprint);
    if (model != models_.end() && model->second->folder == trial.model.path) known.model = model->second;
    const auto dataset = datasets_.find(trial.dataset.fingerprint);
    if (dataset != datasets_.end()) known.dataset = dataset->second;
    const auto task = std::ranges::find(tasks_, encoding_key(trial), [](const auto& kept) { return kept.first; });
    if (task != tasks_.end()) known.task = task->second;
    return known;
}

/// Where there is one already it stays: what trials share is one object.
void WarmStore::keep(const Trial& trial, const TaskInputs& inputs) {
    auto& model = models_[trial.model.fingerprint];
    if (!model || model->folder != inputs.model->folder) model = inputs.model;
    if (inputs.dataset) datasets_.emplace(trial.dataset.fingerprint, inputs.dataset);
    auto key = encoding_key(trial);
    const auto kept = std::ranges::find(tasks_, key, [](const auto& entry) { return entry.first; });
    if (kept != tasks_.end()) {
        std::rotate(kept, kept + 1, tasks_.end());
        return;
    }
    if (tasks_.size() == tasks_kept) tasks_.erase(tasks_.begin());
    tasks_.emplace_back(std::move(key), inputs.task);
}

}  // namespace layersweep
