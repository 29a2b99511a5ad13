#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "orchestrator/ledger/event.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Where a trial stands.
namespace trial_state {
struct Waiting {};
struct Running {
    Attempt attempt;
    std::vector<WorkerId> workers;  ///< leader first
    std::int64_t since_ms = 0;      ///< since 1970
    double predicted_s = 0;         ///< how long it was said to take; 0: not known
};
struct Finished {
    Attempt attempt;
    Result result;
    std::vector<WorkerFacts> workers;  ///< leader first
    std::int64_t threads_per_worker = 1;
    std::string shortcuts;
    double predicted_s = 0;
};
struct SetAside {
    std::string why;
    SetAsideCause cause = SetAsideCause::failures;
};
}  // namespace trial_state

using TrialState = std::variant<trial_state::Waiting, trial_state::Running, trial_state::Finished, trial_state::SetAside>;

/// An attempt that failed, as the rules of retrying see it. `life` is that of the coordinator's process: workers of two have nothing in
/// common.
struct FailedAttempt {
    FailureReason reason = FailureReason::internal;
    std::uint32_t life = 0;
    std::vector<WorkerId> workers;
};

struct TrialStatus {
    TrialState state;
    std::uint32_t attempts = 0;         ///< begun so far, in all lives
    std::vector<FailedAttempt> failed;  ///< oldest first, since it was put back last
    std::optional<TrialFailure> last_failure;

    template <class State>
    [[nodiscard]] const State* as() const {
        return std::get_if<State>(&state);
    }
    [[nodiscard]] bool is_waiting() const { return as<trial_state::Waiting>() != nullptr; }
};

struct PlanCounts {
    std::size_t waiting = 0, running = 0, finished = 0, set_aside = 0;
    std::size_t failures = 0;  ///< attempts that failed, of whatever trial
    bool operator==(const PlanCounts&) const = default;
};

/// All trials of a grid and their states; trials go by their index in the grid. Only `apply` changes it, live and on replay alike.
class Plan {
public:
    explicit Plan(const std::vector<Trial>& trials);

    /// What does not fit is dropped: an attempt that is not the current one, a trial that is not in this grid.
    void apply(const Event& event);

    [[nodiscard]] std::size_t size() const { return statuses_.size(); }
    [[nodiscard]] const TrialStatus& status(std::size_t trial) const { return statuses_.at(trial); }
    /// The same as `status(trial).is_waiting()`, for those who look at every trial again and again.
    [[nodiscard]] bool is_waiting(std::size_t trial) const { return waiting_[trial] != 0; }
    [[nodiscard]] std::optional<std::size_t> index_of(const TrialKey& key) const;
    /// The trial that runs this very attempt; nullopt for an old attempt.
    [[nodiscard]] std::optional<std::size_t> running(const Attempt& attempt) const;
    [[nodiscard]] Attempt next_attempt(std::size_t trial) const;  ///< in the life that `apply` heard of last
    /// The life in which the present coordinator began: the present one, or where it went on in new segments, the first of these.
    [[nodiscard]] std::uint32_t process_life() const { return process_life_; }

    [[nodiscard]] const PlanCounts& counts() const { return counts_; }
    [[nodiscard]] bool is_complete() const { return counts_.waiting == 0 && counts_.running == 0; }
    /// How the last life ended; nullopt while it lives or where it ended without a word.
    [[nodiscard]] const std::optional<StopCause>& stopped() const { return stopped_; }

private:
    void on(const event::LifeBegan&);
    void on(const event::Assigned&);
    void on(const event::Finished&);
    void on(const event::Failed&);
    void on(const event::Abandoned&);
    void on(const event::WorkerLost&) {}
    void on(const event::Quarantined&) {}
    void on(const event::Measured&) {}
    void on(const event::SetAside&);
    void on(const event::PutBack&);
    void on(const event::Stopped&);
    void on(const event::Completed&) {}

    void move(std::size_t trial, TrialState state);
    std::size_t& count_of(const TrialState& state);

    std::vector<TrialKey> keys_;
    std::vector<TrialStatus> statuses_;
    std::vector<std::uint8_t> waiting_;                   ///< by trial
    std::unordered_map<std::string, std::size_t> index_;  ///< by key
    PlanCounts counts_;
    std::optional<StopCause> stopped_;
    std::uint32_t life_ = 0;
    std::uint32_t process_life_ = 0;
};

}  // namespace layersweep
