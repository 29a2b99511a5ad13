#include "worker/training/trainer.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>
#include <new>

#include "protocol/errors.hpp"
#include "worker/data/sampling.hpp"
#include "worker/model/load.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/evaluation.hpp"
#include "worker/training/metrics.hpp"
#include "worker/training/optimizer.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep {

namespace {

using RowPointers = std::vector<const EncodedRow*>;

/// Adds the seconds of its own life to a counter.
class Stopwatch {
public:
    explicit Stopwatch(double& seconds) : seconds_(seconds) {}
    ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    double& seconds_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// One trial on its way from pretrained weights to a result. Every member of the gang walks through the same steps.
class TrialRun {
public:
    TrialRun(const Trial& trial, Collective& gang, WarmStore& warm, const StepHook& go_on, TrialObserver* observer)
        : trial_(trial), settings_(trial.training), gang_(gang), warm_(warm), go_on_(go_on), observer_(observer) {}

    Result run() {
        {
            const Stopwatch total(result_.timings.total_s);
            warm_.device().reset_peak_memory();
            prepare();
            train();
            if (!stopped_by_observer_) test();
        }
        result_.timings.peak_memory_bytes = warm_.device().peak_memory_bytes();
        return result_;
    }

private:
    void prepare() {
        {
            const Stopwatch encoding(result_.timings.encode_s);
            task_ = warm_.task(trial_);
        }
        const Stopwatch loading(result_.timings.load_s);
        const auto& opened = warm_.model(trial_.model);
        model_ = std::make_unique<CutModel>(trial_, opened, task_->label_token_ids, warm_.device());
        optimizer_ = std::make_unique<AdamW>(model_->parameters(), settings_);
        describe();
        if (!observer_) return;
        observer_->on_start([&](const std::string& folder) { export_model(folder, model_->parameters(), opened.folder, model_->blocks()); },
                            task_->label_token_ids);
    }

    void describe() {
        result_.parameters = model_->parameters().count();
        result_.train_rows = std::int64_t(task_->training.size());
        result_.validation_rows = std::int64_t(task_->validation.size());
        result_.test_rows = std::int64_t(task_->test.size());
        result_.train_rows_per_class = task_->training_per_class;
        result_.cut_rows = task_->cut_rows;
    }

    void train() {
        const auto patience = settings_.patience.value_or(settings_.epochs);
        for (std::int64_t epoch = 1; epoch <= settings_.epochs; ++epoch) {
            const double loss = train_epoch(epoch);
            if (stopped_by_observer_) break;
            result_.curve.push_back({epoch, loss, validation_accuracy()});
            keep_if_best(result_.curve.back());
            if (epoch - result_.best_epoch >= patience) break;
        }
        result_.weights_hash = model_->parameters().hash();
    }

    double train_epoch(std::int64_t epoch) {
        const Stopwatch training(result_.timings.train_s);
        const auto order = epoch_order(trial_.seed, epoch, std::uint32_t(task_->training.size()));
        const auto batch = std::size_t(settings_.batch);
        double weighted = 0;
        for (std::size_t begin = 0; begin < order.size() && !stopped_by_observer_; begin += batch) {
            RowPointers rows;
            for (auto i = begin; i < std::min(begin + batch, order.size()); ++i) rows.push_back(&task_->training[order[i]]);
            weighted += step(rows, epoch) * double(rows.size());
        }
        return order.empty() ? 0 : weighted / double(order.size());
    }

    /// One optimizer step over the whole gang's batch; returns its loss, taken before the step.
    double step(const RowPointers& rows, std::int64_t epoch) {
        if (observer_ && observer_->wants_stop()) {
            stopped_by_observer_ = true;
            return 0;
        }
        const bool stop = !go_on_(epoch, result_.steps);
        auto& parameters = model_->parameters();
        parameters.gradients_and_extra().zero_();
        const auto draw = DropoutDraw{.seed = trial_.seed, .step = result_.steps, .rank = gang_.rank()};
        const auto own_loss = model_->backward(share_of(rows), std::int64_t(rows.size()), draw);
        parameters.extra()[0] = own_loss;
        parameters.extra()[1] = stop ? 1 : 0;
        gang_.all_reduce_sum(parameters.gradients_and_extra());
        // The votes travel with the gradients, so that every member stops at the same step.
        const auto reduced = parameters.extra().cpu().to(at::kDouble);
        const double loss = reduced[0].item<double>();
        if (reduced[1].item<double>() > 0) throw TrialAbandoned{};
        if (!std::isfinite(loss))
            throw TrialFailed{{FailureReason::not_a_number, "the loss is not finite at step " + std::to_string(result_.steps + 1)}};
        optimizer_->step(parameters);
        ++result_.steps;
        for (const auto* row : rows) result_.train_tokens += std::int64_t(row->ids.size());
        if (observer_) tell_observer(rows, loss);
        return loss;
    }

    /// This member's rows: equal parts of a full batch in order; of a smaller batch, the first members get one row more.
    [[nodiscard]] RowPointers share_of(const RowPointers& rows) const {
        const auto members = std::size_t(gang_.size()), me = std::size_t(gang_.rank());
        const auto each = rows.size() / members, left = rows.size() % members;
        const auto begin = me * each + std::min(me, left);
        return {rows.begin() + std::ptrdiff_t(begin), rows.begin() + std::ptrdiff_t(begin + each + (me < left ? 1 : 0))};
    }

    void tell_observer(const RowPointers& rows, double loss) {
        StepRecord record{.loss = loss};
        for (const auto* row : rows) {
            record.input_ids.push_back(row->ids);
            record.labels.push_back(row->label);
        }
        observer_->on_step(record);
    }

    double validation_accuracy() {
        const Stopwatch evaluating(result_.timings.evaluate_s);
        return accuracy(scored(task_->validation));
    }

    std::vector<Prediction> scored(const std::vector<EncodedRow>& rows) {
        const auto epoch = std::int64_t(result_.curve.size());
        return evaluate(*model_, rows, classes(), gang_, [&] { return go_on_(epoch, result_.steps); });
    }

    /// The earliest best epoch's weights are the ones tested.
    void keep_if_best(const EpochRecord& epoch) {
        const bool compares = result_.best_epoch != 0 && !task_->validation.empty();  // without validation rows the last epoch is tested
        if (compares && epoch.validation_accuracy <= result_.best_validation_accuracy) return;
        result_.best_epoch = epoch.epoch;
        result_.best_validation_accuracy = epoch.validation_accuracy;
        if (!best_weights_.defined()) best_weights_ = at::empty_like(model_->parameters().values());
        best_weights_.copy_(model_->parameters().values());
    }

    void test() {
        const Stopwatch evaluating(result_.timings.evaluate_s);
        if (best_weights_.defined())
            model_->parameters().values().copy_(best_weights_);
        else
            result_.best_validation_accuracy = accuracy(scored(task_->validation));
        result_.predictions = scored(task_->test);
        result_.accuracy = accuracy(result_.predictions);
        result_.confusion = confusion(result_.predictions, classes());
        result_.macro_f1 = macro_f1(result_.confusion);
    }

    [[nodiscard]] std::size_t classes() const { return task_->label_token_ids.size(); }

    const Trial& trial_;
    const TrainingSettings& settings_;
    Collective& gang_;
    WarmStore& warm_;
    const StepHook& go_on_;
    TrialObserver* observer_;
    std::shared_ptr<const EncodedTask> task_;
    std::unique_ptr<CutModel> model_;
    std::unique_ptr<AdamW> optimizer_;
    at::Tensor best_weights_;
    bool stopped_by_observer_ = false;
    Result result_;
};

}  // namespace

Result run_trial(const Trial& trial, Collective& collective, WarmStore& warm, const StepHook& go_on, TrialObserver* observer) {
    try {
        return TrialRun(trial, collective, warm, go_on, observer).run();
    } catch (const std::bad_alloc&) {
        throw TrialFailed{{FailureReason::out_of_memory, "the worker's memory is exhausted"}};
    } catch (const c10::OutOfMemoryError& error) {
        throw TrialFailed{{FailureReason::out_of_memory, error.what_without_backtrace()}};
    } catch (const ConfigError& error) {
        throw TrialFailed{{FailureReason::bad_data, error.what()}};
    } catch (const c10::Error& error) {
        throw TrialFailed{{FailureReason::internal, error.what_without_backtrace()}};
    }
}

}  // namespace layersweep
