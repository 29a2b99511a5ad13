#include "orchestrator/coordinator.hpp"

#include <variant>

#include <fmt/format.h>

#include "orchestrator/schedule/exit_code.hpp"

namespace layersweep {
namespace {

using std::chrono::milliseconds;

/// So that a flood of messages cannot keep results from being synced.
constexpr int most_messages_at_once = 256;

/// The others only tell what the next life finds out anyway.
LedgerWriter::Durability needed_durability(const Event& event) {
    const bool may_be_lost = std::holds_alternative<event::Assigned>(event) || std::holds_alternative<event::Abandoned>(event) ||
                             std::holds_alternative<event::WorkerLost>(event) || std::holds_alternative<event::Quarantined>(event) ||
                             std::holds_alternative<event::Measured>(event);
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
      vigil_(outside_.transport.workers(), options.vigil),
      began_(outside_.clock.now()),
      said_alive_(began_) {
    LAYERSWEEP_CHECK(plan_.size() == grid_.trials.size(), "the plan is of another grid");
    for (std::size_t trial = 0; trial < plan_.size(); ++trial) {
        if (plan_.status(trial).is_waiting()) cost_left_ += scheduler_.cost(trial);
        set_aside_if_hopeless(trial);
    }
}

ExitCode Coordinator::run() {
    while (turn()) {
    }
    return exit_code(plan_);
}

bool Coordinator::turn() {
    try {
        lap();
    } catch (const std::exception& error) {
        record_breakdown(error.what());
        dismiss_workers();
        throw;
    }
    if (phase_ != Phase::ended || outage_) return true;
    dismiss_workers();
    outside_.progress.on_end(standing());
    return false;
}

void Coordinator::lap() {
    vigil_.on_turn(outside_.clock.now());
    say_alive();
    if (!outage_ || may_try_disk()) {
        try {
            if (ledger_.is_broken()) ledger_.go_on(now_ms());
            handle_messages();
            watch();
            advance();
            settle();
            end_outage();
        } catch (const StorageError& error) {
            note_outage(error.what());
        }
    }
    outside_.progress.on_tick(standing());
    if (phase_ != Phase::ended || outage_) receive();
}

void Coordinator::advance() {
    if (phase_ == Phase::working) return work();
    if (phase_ == Phase::ended || (roster_.any_busy() && outside_.clock.now() < deadline_)) return;
    phase_ == Phase::stopping ? end_stop() : end(event::Completed{now_ms()});
}

void Coordinator::work() {
    if (plan_.is_complete()) return begin_leave();
    if (const auto why = outside_.stop.stop_requested()) return begin_stop(*why);
    release_quarantined_if_needed();
    if (roster_.living().empty()) return end(event::Stopped{"no workers are left", StopCause::no_workers, now_ms()});
    set_aside_without_room();
    if (plan_.is_complete()) return begin_leave();
    dispatch();
}

void Coordinator::begin_stop(const std::string& why) {
    phase_ = Phase::stopping;
    deadline_ = outside_.clock.now() + options_.answer_timeout + vigil_.longest_step();
    stop_why_ = why;
    outside_.progress.on_notice(
        fmt::format("stopping early ({}): trials that run are kept as they are now and wait for the next start", why));
    for (const WorkerId worker : roster_.busy())
        outbox_.emplace_back(worker, to_worker::Abandon{.attempt = *roster_.attempt_of(worker), .checkpoint = true});
}

void Coordinator::end_stop() {
    for (std::size_t trial = 0; trial < plan_.size(); ++trial)
        if (const auto* running = plan_.status(trial).as<trial_state::Running>()) record(event::Abandoned{running->attempt, now_ms()});
    if (plan_.is_complete()) return end(event::Completed{now_ms()});
    end(event::Stopped{stop_why_, StopCause::asked, now_ms()});
}

/// Members whose leader was faster are waited for, so that no message is under way when the ranks leave.
void Coordinator::begin_leave() {
    phase_ = Phase::leaving;
    deadline_ = outside_.clock.now() + options_.answer_timeout;
    advance();
}

void Coordinator::end(Event last) {
    record(std::move(last));
    phase_ = Phase::ended;
}

void Coordinator::receive() {
    auto incoming = outside_.transport.receive(options_.poll);
    for (int room = most_messages_at_once; incoming;) {
        auto* from = std::get_if<FromWorker>(&*incoming);
        if (from != nullptr && std::holds_alternative<to_coordinator::Alive>(from->message))
            on(*from);  // it needs no disk, and must not pile up while there is none
        else
            inbox_.push_back(std::move(*incoming));
        incoming.reset();
        if (--room > 0) incoming = outside_.transport.receive(milliseconds{0});
    }
}

/// A message leaves the queue when it is done with: what a full disk interrupts is done again from its beginning.
void Coordinator::handle_messages() {
    for (; !inbox_.empty(); inbox_.pop_front()) std::visit([this](const auto& message) { on(message); }, inbox_.front());
}

void Coordinator::say_alive() {
    if (outside_.clock.now() - said_alive_ < options_.alive_every) return;
    said_alive_ = outside_.clock.now();
    for (const WorkerId worker : roster_.listening()) outside_.transport.send(worker, to_worker::Alive{});
}

void Coordinator::watch() {
    for (const auto& [worker, reason, why] : vigil_.findings()) {
        outside_.transport.send(worker, to_worker::Stop{});  // where it is out of the reaper's reach and wakes up
        outside_.reaper.end(worker, roster_.facts_of(worker));
        lose(worker, reason, why);
    }
}

void Coordinator::dispatch() {
    const auto living = roster_.living();
    const auto assignments = scheduler_.decide(plan_, living);
    const std::size_t running = plan_.counts().running + assignments.size();
    for (const Assignment& assignment : assignments) {
        const Attempt attempt = plan_.next_attempt(assignment.trial);
        const double predicted_s = outside_.costs == nullptr ? 0 : outside_.costs->predicted_s(assignment.trial);
        record(event::Assigned{attempt, assignment.gang, now_ms(), predicted_s});
        roster_.on_assigned(assignment.gang, attempt);
        const to_worker::Assign assign{.attempt = attempt,
                                       .trial = grid_.trials[assignment.trial],
                                       .gang = assignment.gang,
                                       .epoch = ++epoch_,
                                       .nccl_id = roster_.nccl_id_of(assignment.gang.front()),
                                       .checkpoints = outside_.files.checkpoints_of(attempt.key),
                                       .checkpoint_every_s = options_.checkpoint_every_s,
                                       .likely_next = likely_next(assignment, running, living.size())};
        for (const WorkerId worker : assignment.gang) {
            vigil_.on_busy(worker);
            outbox_.emplace_back(worker, assign);
        }
    }
}

/// As if all that run now ended in the order in which they began: each then takes the first in line.
std::optional<Trial> Coordinator::likely_next(const Assignment& assignment, std::size_t running, std::size_t living) const {
    const std::size_t begun_before = std::min(running, living / assignment.gang.size()) - 1;
    const auto next = scheduler_.likely_next(plan_, assignment.trial, begun_before);
    return next ? std::optional(grid_.trials[*next]) : std::nullopt;
}

void Coordinator::note_outage(const std::string& why) {
    const milliseconds now = outside_.clock.now();
    if (!outage_) {
        outage_ = Outage{.since = now};
        outside_.progress.on_notice(
            fmt::format("{}\n  nothing new is started and results wait in memory until it can be written again", why));
    }
    outage_->next_try = now + options_.storage_retry;
    outage_->why = why;
}

bool Coordinator::may_try_disk() {
    const milliseconds now = outside_.clock.now();
    if (!outage_->stop_seen && outside_.stop.stop_requested()) {
        outage_->stop_seen = true;
        return true;  // a last time
    }
    if (now < outage_->next_try) return false;
    const bool stops_in_order = phase_ != Phase::working && now <= std::max(deadline_, outage_->since + options_.storage_retry);
    if (outage_->stop_seen ? stops_in_order : now - outage_->since <= options_.storage_patience) return true;
    throw StorageError(outage_->why +
                       "\n  why: a result that is not on the disk does not count\n"
                       "  do:  make room or mend the disk, then run the same command again: it goes on from what is recorded");
}

void Coordinator::end_outage() {
    if (outage_) outside_.progress.on_notice("the disk can be written again: the sweep goes on");
    outage_.reset();
}

/// Best effort: where the ledger itself is what broke, nothing more can be written.
void Coordinator::record_breakdown(const std::string& why) {
    try {
        ledger_.append(event::Stopped{why, StopCause::machine, now_ms()}, LedgerWriter::Durability::synced);
        ledger_.commit();
    } catch (const std::exception&) {
    }
}

void Coordinator::record(Event event) {
    ledger_.append(event, needed_durability(event));
    plan_.apply(event);
    count_cost(event);
    unsettled_.push_back(std::move(event));
}

/// What other machines did says nothing of this one. Of a trial that was interrupted nobody knows what each run took.
void Coordinator::learn_from(std::size_t trial, const std::string& machine_class) {
    const auto* finished = plan_.status(trial).as<trial_state::Finished>();
    if (finished == nullptr || finished->attempt.number > 1 || finished->workers.front().machine_class != machine_class) return;
    outside_.costs->learn(trial, finished->result.timings);
}

void Coordinator::know(const std::string& machine_class, const MachineRates& rates) {
    if (outside_.costs == nullptr || !rates.known()) return;
    outside_.costs->know(rates);
    if (measured_.contains(machine_class)) return;
    record(event::Measured{machine_class, rates, now_ms()});
    measured_.insert(machine_class);
    for (std::size_t trial = 0; trial < plan_.size(); ++trial) learn_from(trial, machine_class);
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

/// Workers need not wait for the sync; people do.
void Coordinator::settle() {
    if (!unsettled_.empty()) ledger_.write();
    for (const auto& [worker, message] : std::exchange(outbox_, {}))
        if (!roster_.is_lost(worker)) outside_.transport.send(worker, message);
    if (!unsettled_.empty()) ledger_.commit();
    for (const Event& event : std::exchange(unsettled_, {})) announce(event);
}

void Coordinator::announce(const Event& event) {
    Progress& progress = outside_.progress;
    if (const auto* finished = std::get_if<event::Finished>(&event)) outside_.files.remove_checkpoints(finished->attempt.key);
    const auto trial_of = [this](const TrialKey& key) -> const Trial& { return grid_.trials[*plan_.index_of(key)]; };
    if (const auto* finished = std::get_if<event::Finished>(&event))
        progress.on_finished(trial_of(finished->attempt.key), finished->result, standing());
    else if (const auto* failed = std::get_if<event::Failed>(&event))
        progress.on_failed(trial_of(failed->attempt.key), failed->attempt, failed->failure, standing());
    else if (const auto* set_aside = std::get_if<event::SetAside>(&event))
        progress.on_set_aside(trial_of(set_aside->key), set_aside->why, standing());
    else if (const auto* lost = std::get_if<event::WorkerLost>(&event))
        progress.on_notice(fmt::format("worker {} is lost: {}", lost->worker.rank, lost->why));
    else if (const auto* quarantined = std::get_if<event::Quarantined>(&event))
        progress.on_notice(fmt::format("worker {} on {} is given no more work: {}", quarantined->worker.rank,
                                       roster_.facts_of(quarantined->worker).host, quarantined->why));
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
