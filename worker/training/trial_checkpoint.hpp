#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "worker/pulse.hpp"
#include "worker/training/checkpoint_plan.hpp"
#include "worker/training/state_header.hpp"

namespace layersweep {

/// What came of looking for a checkpoint.
struct Restored {
    std::uint64_t mark = 0;  ///< of the state that was restored; 0: none was, and the state may be half overwritten
    std::string why_not;     ///< empty where there is no checkpoint
};

/// The checkpoints of one trial in a folder of its own: `state.safetensors` with all but the best weights, and those in
/// `best-<epoch>.safetensors`, which is written only when they changed. Whatever interrupts a write, the state file is a whole one, old or
/// new. The gang's leader writes; a worker that was given up and lives may write too, a state of the same trial, and remove best weights
/// that are not its own: then the next attempt finds none that fit, and starts from the beginning.
class TrialCheckpoints {
public:
    TrialCheckpoints(CheckpointPlan plan, CheckpointOwner owner, Pulse& pulse);

    [[nodiscard]] bool wanted() const { return !plan_.folder.empty(); }
    /// It is time for the next one.
    [[nodiscard]] bool due() const;
    /// Nothing where it was written, else why not, for people. The state learns where its best weights are.
    [[nodiscard]] std::optional<std::string> write(TrainingState& state);
    /// Fills the state, whose tensors are those of a fresh model and optimizer, from what was written; all of it is checked.
    [[nodiscard]] Restored restore(TrainingState& state) const;

private:
    using Clock = std::chrono::steady_clock;

    void write_whole(TrainingState& state) const;
    [[nodiscard]] BestFile write_best(const TrainingState& state) const;
    void write_state(const TrainingState& state) const;
    void check_room(const TrainingState& state) const;
    [[nodiscard]] std::uint64_t restore_whole(TrainingState& state) const;
    [[nodiscard]] std::string short_key() const { return TrialKey{owner_.trial}.beginning(); }
    [[nodiscard]] std::string path_of(const std::string& name) const { return plan_.folder + "/" + name; }

    CheckpointPlan plan_;
    CheckpointOwner owner_;
    Pulse& pulse_;
    Clock::time_point last_ = Clock::now();
};

}  // namespace layersweep
