#include "orchestrator/schedule/plan.hpp"

#include <algorithm>
#include <utility>

namespace layersweep {

using namespace trial_state;

Plan::Plan(const std::vector<Trial>& trials) : statuses_(trials.size()), waiting_(trials.size(), 1) {
    for (const Trial& trial : trials) {
        index_.emplace(trial.key.hex, keys_.size());
        keys_.push_back(trial.key);
    }
    counts_.waiting = trials.size();
}

void Plan::apply(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
}

std::optional<std::size_t> Plan::index_of(const TrialKey& key) const {
    const auto found = index_.find(key.hex);
    if (found == index_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::size_t> Plan::running(const Attempt& attempt) const {
    const auto trial = index_of(attempt.key);
    const auto* state = trial ? statuses_[*trial].as<Running>() : nullptr;
    if (state == nullptr || state->attempt != attempt) return std::nullopt;
    return trial;
}

Attempt Plan::next_attempt(std::size_t trial) const {
    return {.key = keys_.at(trial), .life = life_, .number = statuses_[trial].attempts + 1};
}

void Plan::on(const event::LifeBegan& e) {
    life_ = e.life;
    if (e.continued) return;
    process_life_ = e.life;
    stopped_.reset();
    for (std::size_t trial = 0; trial < statuses_.size(); ++trial) {
        const auto* set_aside = statuses_[trial].as<SetAside>();
        const bool had_no_room = set_aside != nullptr && set_aside->cause == SetAsideCause::no_room;
        if (had_no_room || statuses_[trial].as<Running>() != nullptr) move(trial, Waiting{});
    }
}

void Plan::on(const event::Assigned& e) {
    const auto trial = index_of(e.attempt.key);
    if (!trial || !statuses_[*trial].is_waiting()) return;
    statuses_[*trial].attempts = std::max(statuses_[*trial].attempts, e.attempt.number);
    move(*trial, Running{e.attempt, e.workers, e.time_ms, e.predicted_s});
}

void Plan::on(const event::Finished& e) {
    const auto trial = running(e.attempt);
    if (!trial) return;
    const double predicted_s = statuses_[*trial].as<Running>()->predicted_s;
    move(*trial, Finished{e.attempt, e.result, e.workers, e.threads_per_worker, e.shortcuts, predicted_s});
}

void Plan::on(const event::Failed& e) {
    const auto trial = running(e.attempt);
    if (!trial) return;
    TrialStatus& status = statuses_[*trial];
    // A repaired segment tells of older lives' attempts.
    const std::uint32_t life = std::min(process_life_, e.attempt.life);
    status.failed.push_back({e.failure.reason, life, status.as<Running>()->workers});
    status.last_failure = e.failure;
    ++counts_.failures;
    move(*trial, Waiting{});
}

void Plan::on(const event::Abandoned& e) {
    if (const auto trial = running(e.attempt)) move(*trial, Waiting{});
}

void Plan::on(const event::SetAside& e) {
    const auto trial = index_of(e.key);
    if (trial && statuses_[*trial].is_waiting()) move(*trial, SetAside{e.why, e.cause});
}

void Plan::on(const event::PutBack& e) {
    const auto trial = index_of(e.key);
    if (!trial || statuses_[*trial].as<SetAside>() == nullptr) return;
    statuses_[*trial].failed.clear();
    statuses_[*trial].last_failure.reset();
    move(*trial, Waiting{});
}

void Plan::on(const event::Stopped& e) {
    stopped_ = e.cause;
}

void Plan::move(std::size_t trial, TrialState state) {
    --count_of(statuses_[trial].state);
    ++count_of(state);
    statuses_[trial].state = std::move(state);
    waiting_[trial] = statuses_[trial].is_waiting() ? 1 : 0;
}

std::size_t& Plan::count_of(const TrialState& state) {
    if (std::holds_alternative<Running>(state)) return counts_.running;
    if (std::holds_alternative<Finished>(state)) return counts_.finished;
    if (std::holds_alternative<SetAside>(state)) return counts_.set_aside;
    return counts_.waiting;
}

}  // namespace layersweep
