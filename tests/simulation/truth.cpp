#include "tests/simulation/truth.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/report/csv_files.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep::simulation {
namespace {

Nature nature_by(Chance& chance) {
    switch (chance.below(24)) {
        case 0:
            return Nature::not_a_number;
        case 1:
            return Nature::out_of_memory;
        case 2:
            return Nature::broken;
        case 3:
            return Nature::kills_workers;
        default:
            return Nature::healthy;
    }
}

/// One trial's way through the ledger.
struct Story {
    std::optional<Attempt> running;
    std::optional<event::Finished> finished;
    std::optional<event::SetAside> set_aside;
};

void check_reason(const event::SetAside& event, const TrialTruth& trial) {
    const auto says = [&](const char* word) { return event.why.find(word) != std::string::npos; };
    bool is_true = false;
    if (says("not-a-number:")) is_true = trial.nature == Nature::not_a_number;
    if (says("out-of-memory:")) is_true = trial.nature == Nature::out_of_memory;
    if (says("ran alone")) is_true = trial.losses >= max_attempts && trial.losses + trial.failures > max_attempts;
    if (says("attempts failed")) is_true = trial.failures >= max_attempts;
    if (!is_true) throw Violation{"trial " + event.key.hex + " was set aside for a reason that is not true: " + event.why};
}

class Auditor {
public:
    explicit Auditor(const Truth& truth) : truth_(truth) {
        for (const auto& [key, trial] : truth.trials) stories_[key];
    }
    void take(const Event& event) {
        std::visit([this](const auto& e) { on(e); }, event);
    }
    void end() {
        ReportInput report{.grid = &truth_.grid}, expected{.grid = &truth_.grid};
        std::map<TrialKey, Result> results;
        for (const auto& [key, story] : stories_) {
            const TrialTruth& trial = truth_.trials.at(key);
            if (!story.finished && !story.set_aside) throw Violation{"trial " + key.hex + " has neither a result nor a reason"};
            if (story.set_aside) check_reason(*story.set_aside, trial);
            if (story.set_aside && trial.shown > 0) throw Violation{"trial " + key.hex + " was shown as finished and is set aside"};
            if (!story.finished) continue;
            results[key] = Truth::result_of(key);
            report.finished[key].result = &story.finished->result;
            expected.finished[key].result = &results[key];
        }
        if (results_csv(report) != results_csv(expected)) throw Violation{"the report is not that of a run without faults"};
    }

private:
    void on(const event::LifeBegan& e) {
        for (auto& [key, story] : stories_) {
            if (!e.continued) story.running.reset();
            if (!e.continued && story.set_aside && story.set_aside->cause == SetAsideCause::no_room) story.set_aside.reset();
        }
    }
    void on(const event::Assigned& e) {
        Story& story = stories_.at(e.attempt.key);
        if (story.finished || story.set_aside || story.running)
            throw Violation{"a trial that did not wait was assigned: " + e.attempt.key.hex};
        if (!attempts_.insert(e.attempt).second) throw Violation{"two executions have the same number"};
        story.running = e.attempt;
    }
    void on(const event::Finished& e) {
        Story& story = stories_.at(e.attempt.key);
        if (story.running != e.attempt) throw Violation{"a result of an attempt that did not run: " + e.attempt.key.hex};
        story.running.reset();
        story.finished = e;
    }
    void on(const event::Failed& e) { ended(e.attempt); }
    void on(const event::Abandoned& e) { ended(e.attempt); }
    void on(const event::SetAside& e) {
        Story& story = stories_.at(e.key);
        if (story.running || story.finished) throw Violation{"a trial that runs or has finished was set aside"};
        story.set_aside = e;
    }
    void on(const event::WorkerLost&) {}
    void on(const event::Quarantined&) {}
    void on(const event::Measured&) {}
    void on(const event::PutBack&) {}
    void on(const event::Stopped&) {}
    void on(const event::Completed&) {}

    void ended(const Attempt& attempt) {
        Story& story = stories_.at(attempt.key);
        if (story.running != attempt) throw Violation{"the end of an attempt that did not run: " + attempt.key.hex};
        story.running.reset();
    }

    const Truth& truth_;
    std::map<TrialKey, Story> stories_;
    std::set<Attempt> attempts_;
};

}  // namespace

Truth::Truth(Chance& chance) {
    grid = test::sample_grid(std::string("abcdefghijkl").substr(0, std::size_t(chance.between(2, 12))));
    for (Trial& trial : grid.trials) {
        trial.resources.gang = chance.one_in(4) ? chance.between(2, 3) : 1;
        TrialTruth& known = trials[trial.key];
        known.nature = nature_by(chance);
        known.duration = chance.time(500, 40'000);
    }
}

Result Truth::result_of(const TrialKey& key) {
    Result result = test::sample_result(double(key.hex.back() % 17) / 17);
    result.predictions = {{.row = key.hex.back(), .label = 0, .predicted = 1, .scores = {0.25, 0.75}}};
    return result;
}

void audit(const std::vector<Event>& events, const Truth& truth) {
    Auditor auditor(truth);
    for (const Event& event : events) auditor.take(event);
    auditor.end();
    if (std::ranges::none_of(events, [](const Event& event) { return std::holds_alternative<event::Completed>(event); }))
        throw Violation{"that the sweep is complete is not recorded"};
}

void check_shown(const std::vector<Event>& events, const Truth& truth) {
    std::set<TrialKey> finished, set_aside;
    std::set<Attempt> failed;
    for (const Event& event : events) {
        if (const auto* e = std::get_if<event::Finished>(&event)) finished.insert(e->attempt.key);
        if (const auto* e = std::get_if<event::Failed>(&event)) failed.insert(e->attempt);
        if (const auto* e = std::get_if<event::SetAside>(&event)) set_aside.insert(e->key);
    }
    for (const auto& [key, trial] : truth.trials)
        if (trial.shown > 0 && !finished.contains(key)) throw Violation{"a result that was shown is lost: " + key.hex};
    for (const Attempt& attempt : truth.shown_failures)
        if (!failed.contains(attempt)) throw Violation{"a failure that was shown is lost: " + attempt.key.hex};
    for (const TrialKey& key : truth.shown_set_aside)
        if (!set_aside.contains(key)) throw Violation{"a trial that was shown as set aside is not: " + key.hex};
}

}  // namespace layersweep::simulation
