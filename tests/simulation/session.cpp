#include "tests/simulation/session.hpp"

#include <fmt/format.h>

#include "orchestrator/schedule/retry_rule.hpp"

namespace layersweep::simulation {
namespace {

std::vector<double> costs_of(const Truth& truth) {
    std::vector<double> costs;
    for (const Trial& trial : truth.grid.trials) costs.push_back(double(truth.trials.at(trial.key).duration.count()));
    return costs;
}

}  // namespace

Session::Session(World& world, int workers, Faults faults)
    : world_(world),
      faults_(faults),
      plan_(world.truth().grid.trials),
      scheduler_(world.truth().grid.trials, costs_of(world.truth()), std::nullopt, max_attempts),
      workers_(workers, faults.workers,
               {.truth = world.truth(),
                .chance = world.chance(),
                .now = world.now(),
                .on_call = [this] { world_.on_call(*this); },
                .on_assign = [this](const to_worker::Assign& assign) { before_assign(assign); }}) {
    world_.runs_now(this);
    std::vector<Event> before;
    ledger_.emplace(begin_life(world.disk(), {.sweep = "simulated"}, unix_ms(), [&](const Event& event) {
        plan_.apply(event);
        before.push_back(event);
    }));
    check_shown(before, world.truth());
    coordinator_.emplace(world.truth().grid, plan_, scheduler_, *ledger_,
                         CoordinatorSurroundings{workers_, *this, *this, *this, *this, workers_},
                         CoordinatorOptions{.max_attempts = max_attempts, .poll = milliseconds{1'000}});
}

bool Session::has_no_room() const {
    for (std::size_t trial = 0; trial < plan_.size(); ++trial) {
        const auto* aside = plan_.status(trial).as<trial_state::SetAside>();
        if (aside != nullptr && aside->cause == SetAsideCause::no_room) return true;
    }
    return false;
}

bool Session::is_complete() const {
    return plan_.is_complete() && !has_no_room();
}

void Session::count_call() {
    if (faults_.calls_until_crash > 0 && ++calls_ == faults_.calls_until_crash) throw Crash{};
}

/// Recorded before it is sent; no trial that has its result, that only fails again, or that must wait for the end.
void Session::before_assign(const to_worker::Assign& assign) {
    const TrialKey& key = assign.attempt.key;
    const std::string line = fmt::format(R"({{"attempt":{{"key":"{}","life":{},"number":{}}},"event":"assigned")", key.hex,
                                         assign.attempt.life, assign.attempt.number);
    bool recorded = false;
    for (const SegmentName& name : world_.disk().names())
        recorded = recorded || world_.disk().content(name.life).find(line) != std::string::npos;
    if (!recorded) throw Violation{"an assignment was sent before it was recorded"};
    if (world_.truth().of(key).shown > 0) throw Violation{"a trial was started that has its result: " + key.hex};
    if (hopeless_.contains(key)) throw Violation{"a failure that repeats itself was repeated: " + key.hex};
    if (is_suspected(plan_.status(*plan_.index_of(key)), max_attempts) && plan_.counts().running > 1)
        throw Violation{"a suspected trial did not run alone: " + key.hex};
}

void Session::on_finished(const Trial& trial, const Result& result, const Standing&) {
    world_.note("shown " + trial.key.hex.substr(30));
    if (++world_.truth().of(trial.key).shown > 1) throw Violation{"a result was shown twice: " + trial.key.hex};
    Result expected = Truth::result_of(trial.key);
    expected.predictions.clear();
    if (result != expected) throw Violation{"a wrong result was shown: " + trial.key.hex};
    if (!predicted_.contains(trial.key)) throw Violation{"a result was shown without its predictions: " + trial.key.hex};
}

void Session::on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing&) {
    world_.truth().shown_failures.insert(attempt);
    world_.note(fmt::format("failed {} {}", trial.key.hex.substr(30), name_of(failure.reason)));
    if (failure.reason == FailureReason::not_a_number || failure.reason == FailureReason::out_of_memory) hopeless_.insert(trial.key);
}

void Session::on_set_aside(const Trial& trial, std::string_view why, const Standing&) {
    world_.note(fmt::format("set aside {} {}", trial.key.hex.substr(30), why));
    if (why.find("its gang of") == std::string_view::npos) world_.truth().shown_set_aside.insert(trial.key);
}

void Session::on_notice(std::string_view line) {
    world_.note(std::string(line));
    if (line.find("is given no more work") != std::string_view::npos) ++world_.truth().faults["worker quarantined"];
}

void Session::write_predictions(const Trial& trial, const Result&) {
    if (world_.disk().exists({0, ledger_->life() + 1})) throw Violation{"predictions of a coordinator that was fenced: " + trial.key.hex};
    world_.on_call(*this);
    if (world_.predictions_find_no_room()) {
        ++world_.truth().faults["no room for predictions"];
        throw StorageError("no room for predictions");
    }
    predicted_.insert(trial.key);
}

std::optional<std::string> Session::stop_requested() const {
    if (!faults_.stop_at || world_.now() < *faults_.stop_at) return std::nullopt;
    if (!std::exchange(asked_to_stop_, true)) ++world_.truth().faults["asked to stop"];
    return "SIGUSR1";
}

}  // namespace layersweep::simulation
