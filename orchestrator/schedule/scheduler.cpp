#include "orchestrator/schedule/scheduler.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "orchestrator/schedule/idle_pool.hpp"
#include "orchestrator/schedule/retry_rule.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// How far behind a trial the one that follows it is looked for: a guess is not worth more.
constexpr std::size_t looked_at = 4096;

/// Trials by falling cost, or shuffled.
std::vector<std::size_t> line_of(const std::vector<double>& costs, std::optional<std::uint64_t> shuffle_seed) {
    std::vector<std::size_t> order(costs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (!shuffle_seed) {
        std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t trial) { return costs[trial]; });
        return order;
    }
    std::mt19937_64 random(*shuffle_seed);
    for (std::size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[random() % left]);
    return order;
}

}  // namespace

Scheduler::Scheduler(const std::vector<Trial>& trials, std::vector<double> costs, std::optional<std::uint64_t> shuffle_seed,
                     std::int64_t max_attempts)
    : costs_(std::move(costs)), order_(line_of(costs_, shuffle_seed)), places_(order_.size()), max_attempts_(max_attempts) {
    LAYERSWEEP_CHECK(costs_.size() == trials.size(), "every trial has one cost");
    for (const Trial& trial : trials) gangs_.push_back(static_cast<std::size_t>(std::max<std::int64_t>(1, trial.resources.gang)));
    if (!gangs_.empty()) widest_ = *std::ranges::max_element(gangs_);
    for (std::size_t place = 0; place < order_.size(); ++place) places_[order_[place]] = place;
}

std::vector<Assignment> Scheduler::decide(const Plan& plan, std::span<const WorkerView> living) const {
    const auto suspected = [&](std::size_t trial) { return is_suspected(plan, trial); };
    const auto waits = [&](std::size_t trial) { return plan.is_waiting(trial); };
    const auto runs = [&](std::size_t trial) { return plan.status(trial).as<trial_state::Running>() != nullptr; };
    if (plan.counts().failures == 0) return decide_ordinary(plan, living);
    if (std::ranges::any_of(order_, [&](std::size_t trial) { return runs(trial) && suspected(trial); })) return {};
    auto chosen = decide_ordinary(plan, living);
    if (!chosen.empty() || plan.counts().running > 0) return chosen;
    if (std::ranges::any_of(order_, [&](std::size_t trial) { return waits(trial) && !suspected(trial); })) return chosen;
    IdlePool pool(living);
    for (const std::size_t trial : order_) {
        if (!waits(trial) || gangs_[trial] > living.size()) continue;
        if (auto gang = pool.take(gangs_[trial]); !gang.empty()) chosen.push_back({trial, std::move(gang)});
        break;
    }
    return chosen;
}

std::vector<Assignment> Scheduler::decide_ordinary(const Plan& plan, std::span<const WorkerView> living) const {
    std::vector<Assignment> chosen;
    IdlePool pool(living);
    bool held = false;
    for (const std::size_t trial : order_) {
        if (pool.empty()) break;
        if (!plan.is_waiting(trial) || gangs_[trial] > living.size() || is_suspected(plan, trial)) continue;
        const auto avoided = to_avoid(plan, trial, living);
        auto gang = pool.take(gangs_[trial], avoided);
        if (!gang.empty()) {
            chosen.push_back({trial, std::move(gang)});
        } else if (!held && avoided.empty()) {
            pool.hold_for(gangs_[trial]);
            held = true;
        }
    }
    return chosen;
}

std::optional<std::size_t> Scheduler::likely_next(const Plan& plan, std::size_t trial, std::size_t ahead) const {
    const std::size_t first = places_.at(trial) + 1;
    const std::size_t end = std::min(order_.size(), first + looked_at);
    for (std::size_t place = first; place < end; ++place) {
        const std::size_t next = order_[place];
        if (!plan.is_waiting(next) || gangs_[next] != gangs_[trial] || is_suspected(plan, next)) continue;
        if (ahead == 0) return next;
        --ahead;
    }
    return std::nullopt;
}

bool Scheduler::is_suspected(const Plan& plan, std::size_t trial) const {
    return !plan.status(trial).failed.empty() && layersweep::is_suspected(plan.status(trial), max_attempts_);
}

/// Nobody where the trial could not run without them.
std::vector<WorkerId> Scheduler::to_avoid(const Plan& plan, std::size_t trial, std::span<const WorkerView> living) const {
    std::vector<WorkerId> avoided;
    for (const FailedAttempt& attempt : plan.status(trial).failed) {
        const bool may_be_the_worker = attempt.reason == FailureReason::infrastructure || attempt.reason == FailureReason::bad_data;
        if (!may_be_the_worker || attempt.life != plan.process_life()) continue;
        for (const WorkerView& worker : living)
            if (std::ranges::find(attempt.workers, worker.id) != attempt.workers.end()) avoided.push_back(worker.id);
    }
    std::ranges::sort(avoided);
    const auto repeated = std::ranges::unique(avoided);
    avoided.erase(repeated.begin(), repeated.end());
    if (living.size() - avoided.size() < gangs_[trial]) avoided.clear();
    return avoided;
}

std::size_t Scheduler::waiting_before(const Plan& plan, std::size_t trial) const {
    const bool is_last = is_suspected(plan, trial);
    bool before = true;
    std::size_t count = 0;
    for (const std::size_t other : order_) {
        if (other == trial) before = false;
        if (other == trial || !plan.status(other).is_waiting()) continue;
        const bool other_is_last = is_suspected(plan, other);
        if (other_is_last == is_last ? before : is_last) ++count;
    }
    return count;
}

std::size_t Scheduler::widest_waiting(const Plan& plan) const {
    std::size_t widest = 0;
    for (std::size_t trial = 0; trial < gangs_.size(); ++trial)
        if (plan.is_waiting(trial)) widest = std::max(widest, gangs_[trial]);
    return widest;
}

std::vector<std::size_t> Scheduler::too_wide(const Plan& plan, std::size_t living) const {
    std::vector<std::size_t> trials;
    if (widest_ <= living) return trials;
    for (std::size_t trial = 0; trial < gangs_.size(); ++trial)
        if (gangs_[trial] > living && plan.is_waiting(trial)) trials.push_back(trial);
    return trials;
}

}  // namespace layersweep
