#include "orchestrator/coordinator.hpp"

#include <variant>

#include <fmt/format.h>

#include "orchestrator/schedule/exit_code.hpp"
#include "orchestrator/schedule/retry_rule.hpp"

namespace layersweep {
namespace {

using std::chrono::milliseconds;

/// So that a flood of messages cannot keep results from being synced.
constexpr int most_messages_at_once = 256;

/// The others only tell what the next life finds out anyway.
LedgerWriter::Durability needed_durability(const Event& event) {
    const bool may_be_lost = std::holds_alternative<event::Assigned>(event) || std::holds_alternative<event::Abandoned>(event) ||
                             std::holds_alternative<event::WorkerLost>(event);
    return may_be_lost ? LedgerWriter::Durability::written : LedgerWriter::Durability::synced;
}

}  // namespace

Coordinator::Coordinator(const Grid& grid, Plan& plan, const Scheduler& scheduler, LedgerWriter& ledger,
                         CoordinatorSurroundings surroundings, CoordinatorOptions options)
    : grid_(grid),
      plan_(plan),
      scheduler_(scheduler),
      ledger_(ledger),
      outside_(surroundings),
      options_(options),
      roster_(outside_.transport.workers()),
      began_(outside_.clock.now()) {
    LAYERSWEEP_CHECK(plan_.size() == grid_.trials.size(), "the plan is of another grid");
}

ExitCode Coordinator::run() {
    try {
        work();
    } catch (const std::exception& error) {
        record_breakdown(error.what());
        dismiss_workers();
        throw;
    }
    dismiss_workers();
    outside_.progress.on_end(standing());
    return exit_code(plan_);
}

/// Best effort: where the ledger itself is what broke, nothing more can be written.
void Coordinator::record_breakdown(const std::string& why) {
    try {
        ledger_.append(event::Stopped{why, StopCause::machine}, LedgerWriter::Durability::synced);
        ledger_.commit();
    } catch (const std::exception&) {
    }
}

void Coordinator::work() {
    plan_.apply(event::LifeBegan{ledger_.life()});  // recorded: it is the segment's header
    for (std::size_t trial = 0; trial < plan_.size(); ++trial) {
        if (plan_.status(trial).is_waiting()) cost_left_ += scheduler_.cost(trial);
        set_aside_if_hopeless(trial);
    }
    while (!plan_.is_complete()) {
        if (const auto why = outside_.stop.stop_requested()) return stop(*why);
        if (roster_.living().empty()) {
            record(event::Stopped{"no workers are left", StopCause::no_workers});
            return settle();
        }
        set_aside_without_room();
        settle();
        dispatch();
        receive();
    }
    finish();
}

void Coordinator::receive() {
    auto incoming = outside_.transport.receive(options_.poll);
    for (int room = most_messages_at_once; incoming;) {
        std::visit([this](const auto& message) { on(message); }, *incoming);
        incoming.reset();
        if (--room > 0) incoming = outside_.transport.receive(milliseconds{0});
    }
    settle();
    outside_.progress.on_tick(standing());
}

void Coordinator::dispatch() {
    for (const Assignment& assignment : scheduler_.decide(plan_, roster_.living())) {
        const Attempt attempt = plan_.next_attempt(assignment.trial);
        record(event::Assigned{attempt, assignment.gang, outside_.clock.unix_ms()});
        roster_.on_assigned(assignment.gang, attempt);
        const to_worker::Assign assign{.attempt = attempt,
                                       .trial = grid_.trials[assignment.trial],
                                       .gang = assignment.gang,
                                       .epoch = ++epoch_,
                                       .nccl_id = roster_.nccl_id_of(assignment.gang.front())};
        for (const WorkerId worker : assignment.gang) outbox_.emplace_back(worker, assign);
    }
    settle();
}

void Coordinator::stop(const std::string& why) {
    stopping_ = true;
    outside_.progress.on_notice(fmt::format("stopping early ({}): trials that run are given up and wait for the next start", why));
    for (const WorkerId worker : roster_.busy()) outbox_.emplace_back(worker, to_worker::Abandon{*roster_.attempt_of(worker)});
    settle();
    wait_for_answers();
    for (std::size_t trial = 0; trial < plan_.size(); ++trial)
        if (const auto* running = plan_.status(trial).as<trial_state::Running>()) record(event::Abandoned{running->attempt});
    if (plan_.is_complete()) return finish();
    record(event::Stopped{why, StopCause::asked});
    settle();
}

void Coordinator::wait_for_answers() {
    const milliseconds deadline = outside_.clock.now() + options_.answer_timeout;
    while (roster_.any_busy() && outside_.clock.now() < deadline) receive();
}

void Coordinator::finish() {
    wait_for_answers();  // of members whose leader was faster, so that no message is under way when the ranks leave
    record(event::Completed{});
    settle();
}

void Coordinator::on(const FromWorker& incoming) {
    if (roster_.is_lost(incoming.worker)) return;
    std::visit([this, &incoming](const auto& message) { on(incoming.worker, message); }, incoming.message);
}

void Coordinator::on(const WorkerLost& incoming) {
    if (!roster_.on_lost(incoming.worker)) return;
    record(event::WorkerLost{incoming.worker, incoming.why});
    if (const auto& attempt = roster_.attempt_of(incoming.worker))
        attempt_failed(*attempt, {FailureReason::worker_lost, fmt::format("worker {}: {}", incoming.worker.rank, incoming.why)});
}

void Coordinator::on(WorkerId from, const to_coordinator::Hello& message) {
    roster_.on_hello(from, message);
}

void Coordinator::on(WorkerId, const to_coordinator::Alive&) {}

void Coordinator::on(WorkerId from, const to_coordinator::Notice& message) {
    outside_.progress.on_notice(fmt::format("worker {}: {}", from.rank, message.text));
}

void Coordinator::on(WorkerId from, const to_coordinator::Finished& message) {
    roster_.on_answer(from, message.attempt, message.nccl_id);
    const auto trial = plan_.running(message.attempt);
    if (!trial) return;
    const auto& running = *plan_.status(*trial).as<trial_state::Running>();
    if (running.workers.front() != from) return;
    outside_.predictions.write(grid_.trials[*trial], message.result);
    event::Finished finished{.attempt = message.attempt,
                             .result = message.result,
                             .workers = roster_.facts_of(running.workers),
                             .threads_per_worker = grid_.trials[*trial].resources.threads_per_worker,
                             .time_ms = outside_.clock.unix_ms()};
    finished.result.predictions.clear();
    record(std::move(finished));
}

void Coordinator::on(WorkerId from, const to_coordinator::MemberDone& message) {
    roster_.on_answer(from, message.attempt, message.nccl_id);
}

void Coordinator::on(WorkerId from, const to_coordinator::Failed& message) {
    roster_.on_answer(from, message.attempt, message.nccl_id);
    attempt_failed(message.attempt, message.failure);
}

void Coordinator::on(WorkerId from, const to_coordinator::Abandoned& message) {
    roster_.on_answer(from, message.attempt, message.nccl_id);
    // Counted, so that a worker that gives up everything cannot go on for ever.
    attempt_failed(message.attempt, {FailureReason::internal, "the worker gave up without being asked"});
}

void Coordinator::attempt_failed(const Attempt& attempt, const TrialFailure& failure) {
    const auto trial = plan_.running(attempt);
    if (!trial) return;
    // What breaks while a sweep is being stopped is the stop's doing: whoever stops it often kills its workers too.
    if (stopping_ && !repeats_itself(failure.reason)) return record(event::Abandoned{attempt});
    record(event::Failed{attempt, failure});
    send_abandon(attempt);
    set_aside_if_hopeless(*trial);
}

void Coordinator::set_aside_if_hopeless(std::size_t trial) {
    if (const auto why = reason_to_set_aside(plan_.status(trial), options_.max_attempts))
        record(event::SetAside{grid_.trials[trial].key, *why, SetAsideCause::failures});
}

void Coordinator::set_aside_without_room() {
    const std::size_t living = roster_.living().size();
    for (const std::size_t trial : scheduler_.too_wide(plan_, living))
        record(event::SetAside{grid_.trials[trial].key,
                               fmt::format("its gang of {} is wider than the {} workers that live", scheduler_.gang(trial), living),
                               SetAsideCause::no_room});
}

/// To those of the gang that have not answered yet; they are given no other work before they do.
void Coordinator::send_abandon(const Attempt& attempt) {
    for (const WorkerId worker : roster_.busy_with(attempt)) outbox_.emplace_back(worker, to_worker::Abandon{attempt});
}

void Coordinator::record(Event event) {
    ledger_.append(event, needed_durability(event));
    plan_.apply(event);
    count_cost(event);
    unsettled_.push_back(std::move(event));
}

void Coordinator::count_cost(const Event& event) {
    const auto cost_of = [this](const TrialKey& key) { return scheduler_.cost(*plan_.index_of(key)); };
    if (const auto* finished = std::get_if<event::Finished>(&event)) {
        cost_done_ += cost_of(finished->attempt.key);
        cost_left_ -= cost_of(finished->attempt.key);
    } else if (const auto* set_aside = std::get_if<event::SetAside>(&event)) {
        cost_left_ -= cost_of(set_aside->key);
    }
}

void Coordinator::settle() {
    ledger_.commit();
    for (const Event& event : std::exchange(unsettled_, {})) announce(event);
    for (const auto& [worker, message] : std::exchange(outbox_, {})) outside_.transport.send(worker, message);
}

void Coordinator::announce(const Event& event) {
    Progress& progress = outside_.progress;
    const auto trial_of = [this](const TrialKey& key) -> const Trial& { return grid_.trials[*plan_.index_of(key)]; };
    if (const auto* finished = std::get_if<event::Finished>(&event))
        progress.on_finished(trial_of(finished->attempt.key), finished->result, standing());
    else if (const auto* failed = std::get_if<event::Failed>(&event))
        progress.on_failed(trial_of(failed->attempt.key), failed->attempt, failed->failure, standing());
    else if (const auto* set_aside = std::get_if<event::SetAside>(&event))
        progress.on_set_aside(trial_of(set_aside->key), set_aside->why, standing());
    else if (const auto* lost = std::get_if<event::WorkerLost>(&event))
        progress.on_notice(fmt::format("worker {} is lost: {}", lost->worker.rank, lost->why));
    else if (const auto* stopped = std::get_if<event::Stopped>(&event))
        progress.on_notice("stopped early: " + stopped->why);
}

void Coordinator::dismiss_workers() {
    for (const WorkerId worker : outside_.transport.workers()) outside_.transport.send(worker, to_worker::Stop{});
}

Standing Coordinator::standing() const {
    const PlanCounts& counts = plan_.counts();
    const double elapsed_s = std::chrono::duration<double>(outside_.clock.now() - began_).count();
    return {.total = static_cast<std::int64_t>(plan_.size()),
            .done = static_cast<std::int64_t>(counts.finished),
            .running = static_cast<std::int64_t>(counts.running),
            .set_aside = static_cast<std::int64_t>(counts.set_aside),
            .waiting = static_cast<std::int64_t>(counts.waiting),
            .failed = static_cast<std::int64_t>(counts.failures),
            .elapsed_s = elapsed_s,
            .left_s = predicted_left_s(cost_done_, cost_left_, elapsed_s)};
}

}  // namespace layersweep
