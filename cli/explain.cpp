#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/recorded_order.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/clock.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/report/display.hpp"
#include "orchestrator/schedule/trial_history.hpp"
#include "orchestrator/schedule/waiting_reasons.hpp"

namespace layersweep {

namespace {

std::string ranks_text(const std::vector<WorkerId>& workers) {
    std::string text = workers.size() == 1 ? "worker" : "workers";
    for (std::size_t i = 0; i < workers.size(); ++i) text += fmt::format("{}{}", i == 0 ? " " : ", ", workers[i].rank);
    return workers.empty() ? "" : text;
}

void print_finished(const trial_state::Finished& finished) {
    const auto& leader = finished.workers.front();
    fmt::print("state       finished: accuracy {:.2f} %\n", finished.result.accuracy * 100);
    fmt::print("  on {} ({}, {}), {} worker{} of {} thread{}, in {:.1f} s\n", printable(leader.host), printable(leader.device),
               printable(leader.machine_class), finished.workers.size(), finished.workers.size() == 1 ? "" : "s",
               finished.threads_per_worker, finished.threads_per_worker == 1 ? "" : "s", finished.result.timings.total_s);
}

void print_running(const trial_state::Running& running) {
    fmt::print("state       running since {} on {}, attempt {}, for {}\n", time_text(running.since_ms), ranks_text(running.workers),
               running.attempt.number, clock_text(double(SystemClock().unix_ms() - running.since_ms) / 1000));
}

void print_set_aside(const trial_state::SetAside& aside, const std::string& folder, const TrialKey& key) {
    fmt::print("state       set aside: {}\n", printable(aside.why));
    if (aside.cause == SetAsideCause::no_room)
        fmt::print("  the next `layersweep run` tries it again\n");
    else
        fmt::print("  `layersweep retry {} {}` puts it back\n", folder, key.hex.substr(0, 12));
}

void print_waiting(const ReplayedSweep& sweep, std::size_t trial, const std::string& folder, bool somebody_runs_it) {
    const auto order = recorded_order(folder, sweep.grid);
    WaitingOutlook outlook{.somebody_runs_it = somebody_runs_it};
    if (order.order_is_known) outlook.trials_before = order.scheduler.waiting_before(sweep.plan, trial);
    fmt::print("state       waiting\n");
    if (sweep.plan.status(trial).as<trial_state::Running>()) fmt::print("  the coordinator that began it is gone\n");
    for (const auto& reason : waiting_reasons(sweep.plan, order.scheduler, trial, outlook)) fmt::print("  {}\n", printable(reason));
}

void print_history(const std::vector<HistoryLine>& lines) {
    fmt::print("history{}\n", lines.empty() ? "     nothing has happened to it yet" : "");
    for (const HistoryLine& line : lines)
        fmt::print("  {:<19}  life {:<3}  {:<11}  {:<12}  {}\n", time_text(line.time_ms), line.life,
                   line.attempt == 0 ? "" : fmt::format("attempt {}", line.attempt), ranks_text(line.workers), printable(line.what));
}

}  // namespace

ExitCode explain_command(const std::string& results, const std::string& pattern) {
    const auto folder = existing_results(results);
    const auto sweep = read_sweep(folder);
    const auto index = select_one(sweep.grid, pattern);
    const auto& trial = sweep.grid.trials[index];
    TrialHistory history(trial);
    (void)replay_ledger(SegmentFolder({folder}), [&history](const Event& event) { history.apply(event); });
    const bool is_held = living_holder_of({folder}).has_value();

    fmt::print("trial       {}\nkey         {}\n", label_of(trial), trial.key.hex);
    const auto& status = sweep.plan.status(index);
    if (const auto* finished = status.as<trial_state::Finished>())
        print_finished(*finished);
    else if (const auto* aside = status.as<trial_state::SetAside>())
        print_set_aside(*aside, folder, trial.key);
    else if (const auto* running = status.as<trial_state::Running>(); running && is_held)
        print_running(*running);
    else
        print_waiting(sweep, index, folder, is_held);
    print_history(history.lines());
    return ExitCode::done;
}

}  // namespace layersweep
