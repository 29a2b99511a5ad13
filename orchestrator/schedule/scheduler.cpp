#include "orchestrator/schedule/scheduler.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "orchestrator/schedule/idle_pool.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

Scheduler::Scheduler(const std::vector<Trial>& trials, std::vector<double> costs, std::optional<std::uint64_t> shuffle_seed)
    : costs_(std::move(costs)), order_(trials.size()) {
    LAYERSWEEP_CHECK(costs_.size() == trials.size(), "every trial has one cost");
    for (const Trial& trial : trials) gangs_.push_back(static_cast<std::size_t>(std::max<std::int64_t>(1, trial.resources.gang)));
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (!shuffle_seed) {
        std::ranges::stable_sort(order_, std::ranges::greater{}, [this](std::size_t trial) { return costs_[trial]; });
        return;
    }
    std::mt19937_64 random(*shuffle_seed);
    for (std::size_t left = order_.size(); left > 1; --left) std::swap(order_[left - 1], order_[random() % left]);
}

std::vector<Assignment> Scheduler::decide(const Plan& plan, std::span<const WorkerView> living) const {
    std::vector<Assignment> chosen;
    IdlePool pool(living);
    bool held = false;
    for (const std::size_t trial : order_) {
        if (pool.empty()) break;
        if (!plan.status(trial).is_waiting() || gangs_[trial] > living.size()) continue;
        auto gang = pool.take(gangs_[trial]);
        if (!gang.empty()) {
            chosen.push_back({trial, std::move(gang)});
        } else if (!held) {
            pool.hold_for(gangs_[trial]);
            held = true;
        }
    }
    return chosen;
}

std::vector<std::size_t> Scheduler::too_wide(const Plan& plan, std::size_t living) const {
    std::vector<std::size_t> trials;
    for (std::size_t trial = 0; trial < gangs_.size(); ++trial)
        if (gangs_[trial] > living && plan.status(trial).is_waiting()) trials.push_back(trial);
    return trials;
}

}  // namespace layersweep
