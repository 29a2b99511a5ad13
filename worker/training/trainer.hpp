#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"
#include "worker/training/checkpoint_plan.hpp"

namespace layersweep {

class Collective;
class WarmStore;

/// One optimizer step as `layersweep trace` writes it: the whole batch, in its order.
struct StepRecord {
    std::vector<std::vector<std::int32_t>> input_ids;  ///< unpadded
    std::vector<std::int32_t> labels;
    double loss = 0;  ///< before the step, mean over all rows
};

/// Watches a trial without changing it.
class TrialObserver {
public:
    virtual ~TrialObserver() = default;
    /// Before the first step: the cut, untrained model can be exported into `export_to(folder)` as a Hugging Face folder, with
    /// head.safetensors ("weight" [classes, d_model]) for the classification modes.
    virtual void on_start(const std::function<void(const std::string& folder)>& export_to,
                          const std::vector<std::int32_t>& label_token_ids) = 0;
    virtual void on_step(const StepRecord& step) = 0;
    /// Asked before every step; true ends training there (no evaluation follows).
    [[nodiscard]] virtual bool wants_stop() = 0;
};

/// What a worker's surroundings want of the trial at hand.
enum class WhatNext { go_on, abandon, save_and_abandon };

/// What a trial needs of the worker around it.
struct TrialHooks {
    /// Asked between steps, and in a gang of one between batches of evaluation; a wider gang leaves by vote, at its next step.
    std::function<WhatNext()> what_next = [] { return WhatNext::go_on; };
    std::function<void(const std::string& text)> notice = [](const std::string&) {};  ///< tells people
    CheckpointPlan checkpoints;
    TrialObserver* observer = nullptr;
    const Trial* likely_next = nullptr;  ///< its inputs are made ready while this trial trains
    std::chrono::steady_clock::time_point assigned = std::chrono::steady_clock::now();  ///< when the trial came
};

/// Thrown out of `run_trial` when it was to be abandoned; a checkpoint, where one was asked for and could be written, is on the disk.
struct TrialAbandoned {
    WhatNext told = WhatNext::abandon;
};
/// Thrown out of `run_trial` where the trial cannot have a result.
struct TrialFailed {
    TrialFailure failure;
};

/// Trains and evaluates one trial as a member of `collective`'s gang. The result is complete on the leader (rank 0) only.
/// `warm`: models, tokenizers and data sets that stay between trials. Goes on from the checkpoint that the plan's folder holds where every
/// member of the gang can use it; the result, timings aside, is the one of a run that was never interrupted, bit for bit.
[[nodiscard]] Result run_trial(const Trial& trial, Collective& collective, WarmStore& warm, const TrialHooks& hooks = {});

}  // namespace layersweep
