#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "worker/device/phase_clock.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/cut_model.hpp"
#include "worker/training/optimizer.hpp"
#include "worker/training/stopwatch.hpp"
#include "worker/training/trainer.hpp"
#include "worker/training/training_state.hpp"
#include "worker/training/trial_checkpoint.hpp"

namespace layersweep {

/// One trial on its way from pretrained weights to a result. Every member of the gang walks through the same steps.
class TrialRun {
public:
    TrialRun(const Trial& trial, Collective& gang, WarmStore& warm, const TrialHooks& hooks);
    Result run();

private:
    using RowPointers = std::vector<const EncodedRow*>;

    void prepare();
    void begin();
    void describe();
    void go_on_from_checkpoint();
    [[nodiscard]] bool all_members_have(std::uint64_t mark);

    void train();
    [[nodiscard]] bool epochs_remain() const;
    [[nodiscard]] double train_epoch();
    /// Before the first step, or where there is none, the first score.
    void on_start();
    /// One optimizer step over the whole gang's batch; returns its loss, taken before the step.
    [[nodiscard]] double step(const RowPointers& rows);
    void finish_epoch(double loss);
    void keep_if_best(const EpochRecord& epoch);
    void tell_observer(const RowPointers& rows, double loss) const;

    [[nodiscard]] std::vector<Prediction> scored(const std::vector<EncodedRow>& rows);
    void test();

    void save();
    void count_resources();
    void count_floor();
    [[nodiscard]] std::size_t classes() const { return task_->label_token_ids.size(); }

    const Trial& trial_;
    const TrainingSettings& settings_;
    Collective& gang_;
    WarmStore& warm_;
    const TrialHooks& hooks_;
    TrialCheckpoints checkpoints_;
    std::shared_ptr<const EncodedTask> task_;
    std::unique_ptr<CutModel> model_;
    std::unique_ptr<AdamW> optimizer_;
    TrainingState state_;
    bool stopped_by_observer_ = false;
    bool told_of_problem_ = false;    ///< the last checkpoint failed, and people know
    bool saved_for_the_end_ = false;  ///< of a gang that evaluates
    bool began_ = false;              ///< the first step or score of this run
    PhaseClock phases_;
    Stopwatch total_{state_.result.timings.total_s};
};

}  // namespace layersweep
