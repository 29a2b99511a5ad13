#include "worker/training/trial_run.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "worker/data/sampling.hpp"
#include "worker/model/load.hpp"
#include "worker/training/evaluation.hpp"
#include "worker/training/gang_step.hpp"
#include "worker/training/metrics.hpp"

namespace layersweep {

namespace {

Timings together(const Timings& a, const Timings& b) {
    return {.start_s = a.start_s + b.start_s,
            .encode_s = a.encode_s + b.encode_s,
            .load_s = a.load_s + b.load_s,
            .train_s = a.train_s + b.train_s,
            .forward_s = a.forward_s + b.forward_s,
            .backward_s = a.backward_s + b.backward_s,
            .reduce_s = a.reduce_s + b.reduce_s,
            .wait_s = a.wait_s + b.wait_s,
            .optimizer_s = a.optimizer_s + b.optimizer_s,
            .evaluate_s = a.evaluate_s + b.evaluate_s,
            .total_s = a.total_s + b.total_s,
            .peak_memory_bytes = std::max(a.peak_memory_bytes, b.peak_memory_bytes)};
}

}  // namespace

TrialRun::TrialRun(const Trial& trial, Collective& gang, WarmStore& warm, const TrialHooks& hooks)
    : trial_(trial),
      settings_(trial.training),
      gang_(gang),
      warm_(warm),
      hooks_(hooks),
      checkpoints_(hooks.checkpoints, {trial.key.hex, gang.size(), warm.device().machine_class(), text_of(trial.shortcuts)}, warm.pulse()),
      phases_(warm.device().torch_device()) {}

Result TrialRun::run() {
    warm_.device().reset_peak_memory();
    warm_.device().use_tf32(settings_.precision == Precision::tf32);
    prepare();
    try {
        train();
        if (!stopped_by_observer_) test();
    } catch (const TrialAbandoned& abandoned) {
        if (abandoned.told == WhatNext::save_and_abandon) save();
        throw;
    }
    count_resources();
    return state_.result;
}

void TrialRun::prepare() {
    {
        const Stopwatch encoding(state_.result.timings.encode_s);
        task_ = warm_.task(trial_);
    }
    const Stopwatch loading(state_.result.timings.load_s);
    begin();
    if (checkpoints_.wanted()) go_on_from_checkpoint();
    if (!hooks_.observer) return;
    const auto export_to = [&](const std::string& folder) {
        export_model(folder, model_->parameters(), model_->whole_tables(trial_, warm_, state_.result.steps),
                     warm_.model(trial_.model).folder, model_->blocks());
    };
    hooks_.observer->on_start(export_to, task_->label_token_ids);
}

void TrialRun::begin() {
    // Two models at once may be more than the memory holds.
    state_ = {.result = {.timings = state_.result.timings}};
    optimizer_.reset();
    model_.reset();
    model_ = std::make_unique<CutModel>(trial_, *task_, warm_);
    optimizer_ = std::make_unique<AdamW>(model_->parameters(), settings_);
    state_.values = model_->parameters().values();
    state_.first_moment = optimizer_->first_moment();
    state_.second_moment = optimizer_->second_moment();
    state_.optimizer_steps = optimizer_->steps();
    describe();
}

void TrialRun::describe() {
    auto& result = state_.result;
    result.parameters = model_->trained_parameters();
    result.train_rows = std::int64_t(task_->training.size());
    result.validation_rows = std::int64_t(task_->validation.size());
    result.test_rows = std::int64_t(task_->test.size());
    result.train_rows_per_class = task_->training_per_class;
    result.cut_rows = task_->cut_rows;
}

void TrialRun::go_on_from_checkpoint() {
    const auto spent = state_.result.timings;
    const auto restored = checkpoints_.restore(state_);
    if (all_members_have(restored.mark)) {
        state_.result.timings = together(state_.result.timings, spent);
        if (gang_.rank() == 0) hooks_.notice(fmt::format("{} goes on from step {}", trial_.key.beginning(), state_.result.steps));
        return;
    }
    if (restored.mark == 0 && restored.why_not.empty()) return;  // there was nothing to read
    hooks_.notice(restored.mark == 0 ? restored.why_not
                                     : "a checkpoint of " + trial_.key.beginning() + " is not used: not all of the gang have the same");
    state_.result.timings = spent;
    begin();
}

bool TrialRun::all_members_have(std::uint64_t mark) {
    auto marks = at::zeros({gang_.size()}, at::TensorOptions(at::kDouble).device(model_->device()));
    marks[gang_.rank()] = double(mark);
    gang_.all_reduce_sum(marks);
    return mark != 0 && (marks == double(mark)).all().item<bool>();
}

void TrialRun::train() {
    if (state_.training_is_over()) return;
    while (epochs_remain() && !stopped_by_observer_) {
        const double loss = train_epoch();
        if (!stopped_by_observer_) finish_epoch(loss);
    }
    state_.result.weights_hash = model_->parameters().hash();
}

bool TrialRun::epochs_remain() const {
    const auto done = std::int64_t(state_.result.curve.size());
    const bool patient = done == 0 || done - state_.result.best_epoch < settings_.patience.value_or(settings_.epochs);
    return done < settings_.epochs && patient;
}

double TrialRun::train_epoch() {
    const auto epoch = std::int64_t(state_.result.curve.size()) + 1;
    const auto order = epoch_order(trial_.seed, epoch, std::uint32_t(task_->training.size()));
    while (state_.next_row < std::int64_t(order.size())) {
        if (hooks_.observer && hooks_.observer->wants_stop()) {
            stopped_by_observer_ = true;
            break;
        }
        RowPointers rows;
        const auto end = std::min(state_.next_row + settings_.batch, std::int64_t(order.size()));
        for (auto i = state_.next_row; i < end; ++i) rows.push_back(&task_->training[order[std::size_t(i)]]);
        state_.weighted_loss += step(rows) * double(rows.size());
        state_.next_row = end;
        if (checkpoints_.due()) save();
    }
    return order.empty() ? 0 : state_.weighted_loss / double(order.size());
}

void TrialRun::on_start() {
    if (std::exchange(began_, true)) return;
    state_.result.timings.start_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - hooks_.assigned).count();
    // Not before: it would take from this trial's own start.
    if (hooks_.likely_next != nullptr) warm_.prepare(*hooks_.likely_next);
}

double TrialRun::step(const RowPointers& rows) {
    auto& result = state_.result;
    on_start();
    const Stopwatch training(result.timings.train_s);
    warm_.pulse().beat();
    const auto told = hooks_.what_next();
    if (gang_.size() == 1 && told != WhatNext::go_on) throw TrialAbandoned{told};
    const auto draw = DropoutDraw{.seed = trial_.seed, .step = result.steps, .rank = gang_.rank()};
    phases_.begin();
    const auto [loss, agreed] = gang_backward(*model_, gang_, rows, draw, told, phases_, result.timings);
    if (agreed != WhatNext::go_on) throw TrialAbandoned{agreed};
    if (!std::isfinite(loss))
        throw TrialFailed{{FailureReason::not_a_number, "the loss is not finite at step " + std::to_string(result.steps + 1)}};
    phases_.begin();
    optimizer_->step(model_->parameters());
    phases_.end_of(result.timings.optimizer_s);
    ++result.steps;
    for (const auto* row : rows) result.train_tokens += std::int64_t(row->ids.size());
    if (hooks_.observer) tell_observer(rows, loss);
    return loss;
}

void TrialRun::finish_epoch(double loss) {
    {
        const Stopwatch training(state_.result.timings.train_s);
        phases_.finish();
    }
    {
        const Stopwatch evaluating(state_.result.timings.evaluate_s);
        const double reached = accuracy(scored(task_->validation));
        state_.result.curve.push_back({std::int64_t(state_.result.curve.size()) + 1, loss, reached});
    }
    state_.next_row = 0;
    state_.weighted_loss = 0;
    keep_if_best(state_.result.curve.back());
}

/// The earliest best epoch's weights are the ones tested.
void TrialRun::keep_if_best(const EpochRecord& epoch) {
    auto& result = state_.result;
    const bool compares = result.best_epoch != 0 && !task_->validation.empty();  // without validation rows the last epoch is tested
    if (compares && epoch.validation_accuracy <= result.best_validation_accuracy) return;
    result.best_epoch = epoch.epoch;
    result.best_validation_accuracy = epoch.validation_accuracy;
    if (!state_.best_weights.defined()) state_.best_weights = at::empty_like(state_.values);
    state_.best_weights.copy_(state_.values);
    state_.best_file.reset();
}

void TrialRun::tell_observer(const RowPointers& rows, double loss) const {
    StepRecord record{.loss = loss};
    for (const auto* row : rows) {
        record.input_ids.push_back(row->ids);
        record.labels.push_back(row->label);
    }
    hooks_.observer->on_step(record);
}

std::vector<Prediction> TrialRun::scored(const std::vector<EncodedRow>& rows) {
    on_start();
    return evaluate(*model_, rows, classes(), gang_, [&] {
        warm_.pulse().beat();
        const auto told = hooks_.what_next();
        if (gang_.size() == 1 && told != WhatNext::go_on) throw TrialAbandoned{told};
        // A wider gang leaves together, at its next step or with its result. It may be ended before: its leader saves what there is.
        if (told == WhatNext::save_and_abandon && !std::exchange(saved_for_the_end_, true)) save();
    });
}

void TrialRun::test() {
    auto& result = state_.result;
    const Stopwatch evaluating(result.timings.evaluate_s);
    if (state_.best_weights.defined())
        state_.values.copy_(state_.best_weights);
    else
        result.best_validation_accuracy = accuracy(scored(task_->validation));
    result.predictions = scored(task_->test);
    result.accuracy = accuracy(result.predictions);
    result.confusion = confusion(result.predictions, classes());
    result.macro_f1 = macro_f1(result.confusion);
}

void TrialRun::save() {
    if (gang_.rank() != 0 || !checkpoints_.wanted() || state_.result.steps == 0) return;
    count_resources();
    const auto problem = checkpoints_.write(state_);
    if (problem && !told_of_problem_) hooks_.notice(*problem);
    told_of_problem_ = problem.has_value();
}

/// Against all steps, whoever waited in them: what a machine can do is what counts.
void TrialRun::count_floor() {
    auto& timings = state_.result.timings;
    const auto& rates = warm_.rates();
    if (state_.result.steps == 0 || timings.train_s == 0 || !rates.known() || rates.flops_per_s(settings_.precision) == 0) return;
    const auto epochs = double(state_.result.steps) / double(steps_per_epoch(trial_, task_->size));
    const auto work = training_epoch(trial_, model_->size(), task_->size).times(epochs / double(gang_.size()));
    timings.floor_fraction = floor_s(work, rates, settings_.precision) / timings.train_s;
}

void TrialRun::count_resources() {
    total_.lap();
    count_floor();
    auto& peak = state_.result.timings.peak_memory_bytes;
    peak = std::max(peak, warm_.device().peak_memory_bytes());
}

}  // namespace layersweep
