#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

class Collective;
class WarmStore;

/// One optimizer step as `layersweep trace` writes it: the whole batch, rows of the gang's members in order.
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

/// Asked between steps whether to go on. Also where progress is told.
using StepHook = std::function<bool(std::int64_t epoch, std::int64_t step)>;

/// Thrown out of `run_trial` when the step hook said no.
struct TrialAbandoned {};
/// Thrown out of `run_trial` where the trial cannot have a result.
struct TrialFailed {
    TrialFailure failure;
};

/// Trains and evaluates one trial as a member of `collective`'s gang. The result is complete on the leader (rank 0) only.
/// `warm`: checkpoints, tokenizers and data sets that stay between trials. `observer` may be null.
[[nodiscard]] Result run_trial(const Trial& trial, Collective& collective, WarmStore& warm, const StepHook& go_on,
                               TrialObserver* observer = nullptr);

}  // namespace layersweep
