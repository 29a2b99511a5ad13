// What the coordinator does about each message and each loss; the loop is in coordinator.cpp.
#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "orchestrator/coordinator.hpp"
#include "orchestrator/schedule/retry_rule.hpp"

namespace layersweep {

void Coordinator::on(const FromWorker& incoming) {
    if (roster_.is_lost(incoming.worker)) return;
    vigil_.on_message(incoming.worker);
    std::visit([this, &incoming](const auto& message) { on(incoming.worker, message); }, incoming.message);
}

void Coordinator::on(const WorkerLost& incoming) {
    lose(incoming.worker, FailureReason::worker_lost, incoming.why);
}

void Coordinator::lose(WorkerId worker, FailureReason reason, const std::string& why) {
    if (!roster_.on_lost(worker)) return;
    vigil_.forget(worker);
    record(event::WorkerLost{worker, why, now_ms()});
    if (const auto& attempt = roster_.attempt_of(worker))
        attempt_failed(*attempt, {reason, fmt::format("worker {}: {}", worker.rank, why)});
}

void Coordinator::on(WorkerId from, const to_coordinator::Hello& message) {
    roster_.on_hello(from, message);
    know(message.facts.machine_class, message.rates);
}

void Coordinator::on(WorkerId from, const to_coordinator::Alive& message) {
    vigil_.on_alive(from, message.progress);
}

void Coordinator::on(WorkerId from, const to_coordinator::Notice& message) {
    outside_.progress.on_notice(fmt::format("worker {}: {}", from.rank, message.text));
}

void Coordinator::on(WorkerId from, const to_coordinator::Finished& message) {
    answered(from, message.attempt, message.nccl_id);
    const auto trial = plan_.running(message.attempt);
    if (!trial) return;
    const auto& running = *plan_.status(*trial).as<trial_state::Running>();
    if (running.workers.front() != from) return;
    ledger_.check_fence();  // what another coordinator made of the trial meanwhile is not written over
    outside_.files.write_predictions(grid_.trials[*trial], message.result);
    event::Finished finished{.attempt = message.attempt,
                             .result = message.result,
                             .workers = roster_.facts_of(running.workers),
                             .threads_per_worker = grid_.trials[*trial].resources.threads_per_worker,
                             .time_ms = now_ms(),
                             .shortcuts = text_of(grid_.trials[*trial].shortcuts)};
    finished.result.predictions.clear();
    const auto machine_class = finished.workers.front().machine_class;
    record(std::move(finished));
    if (measured_.contains(machine_class)) learn_from(*trial, machine_class);
}

void Coordinator::on(WorkerId from, const to_coordinator::MemberDone& message) {
    answered(from, message.attempt, message.nccl_id);
}

void Coordinator::on(WorkerId from, const to_coordinator::Failed& message) {
    answered(from, message.attempt, message.nccl_id);
    const auto trial = plan_.running(message.attempt);
    if (!trial) return;
    const auto gang = plan_.status(*trial).as<trial_state::Running>()->workers;
    attempt_failed(message.attempt, message.failure);
    if (message.failure.reason == FailureReason::infrastructure) blame(gang, message.attempt);
}

void Coordinator::on(WorkerId from, const to_coordinator::Abandoned& message) {
    answered(from, message.attempt, message.nccl_id);
    // Counted, so that a worker that gives up everything cannot go on for ever.
    attempt_failed(message.attempt, {FailureReason::internal, "the worker gave up without being asked"});
}

void Coordinator::answered(WorkerId worker, const Attempt& attempt, const std::string& nccl_id) {
    if (roster_.on_answer(worker, attempt, nccl_id)) vigil_.on_idle(worker);
}

void Coordinator::attempt_failed(const Attempt& attempt, const TrialFailure& failure) {
    const auto trial = plan_.running(attempt);
    if (!trial) return;
    // What breaks while a sweep is being stopped is the stop's doing: whoever stops it often kills its workers too.
    const bool stops_doing = phase_ == Phase::stopping && !repeats_itself(failure.reason);
    if (stops_doing || is_unsent(attempt))
        record(event::Abandoned{attempt, now_ms()});
    else
        record(event::Failed{attempt, failure, now_ms()});
    send_abandon(attempt);
    set_aside_if_hopeless(*trial);
}

/// Of a gang nobody knows whose surroundings it was: they all did not get on with each other.
void Coordinator::blame(const std::vector<WorkerId>& gang, const Attempt& attempt) {
    constexpr std::size_t too_many_trials = 2;
    for (const WorkerId worker : gang) {
        if (roster_.is_lost(worker)) continue;
        const bool out = roster_.on_infrastructure_failure(worker, attempt.key) >= too_many_trials;
        if (!out || roster_.living().size() <= workers_needed()) continue;
        roster_.quarantine(worker);
        record(event::Quarantined{worker, "its surroundings failed two different trials", now_ms()});
    }
}

std::size_t Coordinator::workers_needed() const {
    return std::max<std::size_t>(1, scheduler_.widest_waiting(plan_));
}

void Coordinator::release_quarantined_if_needed() {
    if (!roster_.any_quarantined() || roster_.living().size() >= workers_needed()) return;
    for (const WorkerId worker : roster_.release_quarantined())
        outside_.progress.on_notice(fmt::format("worker {} works again: too few others are left", worker.rank));
}

void Coordinator::set_aside_if_hopeless(std::size_t trial) {
    if (const auto why = reason_to_set_aside(plan_.status(trial), options_.max_attempts))
        record(event::SetAside{grid_.trials[trial].key, *why, SetAsideCause::failures, now_ms()});
}

void Coordinator::set_aside_without_room() {
    const std::size_t living = roster_.living().size();
    for (const std::size_t trial : scheduler_.too_wide(plan_, living))
        record(event::SetAside{grid_.trials[trial].key,
                               fmt::format("its gang of {} is wider than the {} workers that live", scheduler_.gang(trial), living),
                               SetAsideCause::no_room, now_ms()});
}

/// Whether an outage of the disk has kept the attempt from its workers so far.
bool Coordinator::is_unsent(const Attempt& attempt) const {
    return std::ranges::any_of(outbox_, [&attempt](const auto& letter) {
        const auto* assign = std::get_if<to_worker::Assign>(&letter.second);
        return assign != nullptr && assign->attempt == attempt;
    });
}

/// To those of the gang that have not answered yet; they are given no other work before they do.
void Coordinator::send_abandon(const Attempt& attempt) {
    for (const WorkerId worker : roster_.busy_with(attempt)) outbox_.emplace_back(worker, to_worker::Abandon{.attempt = attempt});
}

}  // namespace layersweep
