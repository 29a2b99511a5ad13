#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/schedule/plan.hpp"
#include "protocol/messages.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// A worker that lives, as the scheduler sees it.
struct WorkerView {
    WorkerId id;
    std::string host;   ///< empty: not heard of yet
    bool idle = false;  ///< never true where the host is not known
};

struct Assignment {
    std::size_t trial = 0;
    std::vector<WorkerId> gang;  ///< leader first
    bool operator==(const Assignment&) const = default;
};

/// Chooses what runs next: the longest trial first, ties in grid order. A gang takes idle workers of one host where some host is wide
/// enough, else of as few hosts as possible. The first gang in line that finds no room has workers held for it, so that narrow trials
/// cannot starve it; those behind it use what is left. A trial avoids the workers that failed it for their surroundings' sake as long as
/// enough others live. One that is suspected of killing its workers waits for the end and runs alone. Pure: the same plan and workers give
/// the same answer.
class Scheduler {
public:
    /// `costs` by trial. With a seed the order is shuffled instead, to show that results do not depend on it. `max_attempts`: see
    /// `is_suspected`.
    Scheduler(const std::vector<Trial>& trials, std::vector<double> costs, std::optional<std::uint64_t> shuffle_seed = std::nullopt,
              std::int64_t max_attempts = 3);

    /// What to start now. A gang wider than all living workers is passed over: see `too_wide`.
    [[nodiscard]] std::vector<Assignment> decide(const Plan& plan, std::span<const WorkerView> living) const;
    /// What the gang that is given `trial` now will probably run next, where so many other trials of its width (`ahead`) are begun before
    /// that: nothing where none is near in line. A guess, and cheap: trials far behind are not looked at.
    [[nodiscard]] std::optional<std::size_t> likely_next(const Plan& plan, std::size_t trial, std::size_t ahead) const;
    /// Whether the trial is being left for the end.
    [[nodiscard]] bool is_suspected(const Plan& plan, std::size_t trial) const;
    /// How many waiting trials come before it, as far as their order decides.
    [[nodiscard]] std::size_t waiting_before(const Plan& plan, std::size_t trial) const;
    /// The most workers that a waiting trial takes; 0 where none waits.
    [[nodiscard]] std::size_t widest_waiting(const Plan& plan) const;
    /// The waiting trials that these workers can never run.
    [[nodiscard]] std::vector<std::size_t> too_wide(const Plan& plan, std::size_t living) const;

    [[nodiscard]] double cost(std::size_t trial) const { return costs_.at(trial); }
    [[nodiscard]] std::size_t gang(std::size_t trial) const { return gangs_.at(trial); }

private:
    [[nodiscard]] std::vector<Assignment> decide_ordinary(const Plan& plan, std::span<const WorkerView> living) const;
    [[nodiscard]] std::vector<WorkerId> to_avoid(const Plan& plan, std::size_t trial, std::span<const WorkerView> living) const;

    std::vector<double> costs_;
    std::vector<std::size_t> gangs_;   ///< workers that each trial takes
    std::size_t widest_ = 1;           ///< of them
    std::vector<std::size_t> order_;   ///< trials, the first in line first
    std::vector<std::size_t> places_;  ///< in this order, by trial
    std::int64_t max_attempts_;
};

}  // namespace layersweep
