#include <fmt/format.h>

#include "cli/begun_here.hpp"
#include "cli/commands.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/clock.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "orchestrator/report/display.hpp"
#include "orchestrator/schedule/replayed_sweep.hpp"

namespace layersweep {

namespace {

const trial_state::SetAside* set_aside(const ReplayedSweep& sweep, std::size_t trial) {
    return sweep.plan.status(trial).as<trial_state::SetAside>();
}

/// Indices of the trials that are meant: all that are set aside, or those that `match` names.
std::vector<std::size_t> meant_trials(const ReplayedSweep& sweep, const std::string& match) {
    std::vector<std::size_t> trials;
    if (!match.empty()) {
        for (const Trial* trial : select(sweep.grid, match)) trials.push_back(std::size_t(trial - sweep.grid.trials.data()));
        return trials;
    }
    for (std::size_t trial = 0; trial < sweep.plan.size(); ++trial)
        if (set_aside(sweep, trial)) trials.push_back(trial);
    return trials;
}

/// A life of its own, which ends with it. What had no room waits again in every new life and needs no event.
void put_back(const std::string& folder, const ReplayedSweep& sweep, const std::vector<std::size_t>& trials) {
    const SystemClock clock;
    SegmentFolder segments({folder});
    LifeDescription description = sweep.ledger.newest->life_of;
    description.grid_hash = grid_hash(sweep.grid);
    auto ledger = begin_life(segments, begun_here(description), clock.unix_ms(), [](const Event&) {});
    for (const std::size_t trial : trials)
        if (set_aside(sweep, trial)->cause == SetAsideCause::failures)
            ledger.append(event::PutBack{sweep.grid.trials[trial].key, clock.unix_ms()}, LedgerWriter::Durability::synced);
    ledger.append(event::Stopped{"trials were put back", StopCause::asked, clock.unix_ms()}, LedgerWriter::Durability::synced);
    ledger.commit();
}

void print_not_set_aside(const std::string& match, std::size_t others, std::size_t put_back) {
    if (others == 0) return;
    if (put_back > 0)
        fmt::print("{} more that '{}' names {} not set aside\n", others, match, others == 1 ? "is" : "are");
    else
        fmt::print("{} that '{}' names {} set aside\n", others == 1 ? "the trial" : fmt::format("none of the {} trials", others), match,
                   others == 1 ? "is not" : "is");
}

}  // namespace

ExitCode retry_command(const RetryOptions& options) {
    const auto folder = existing_results(options.results);
    (void)read_grid(ResultsFolder{folder}.grid().string());  // no ledger is made where there is no sweep
    const LedgerHolder holder({folder}, current_process(), take_over_if(options.take_over));
    const auto sweep = read_sweep(folder);
    const auto meant = meant_trials(sweep, options.match);
    std::vector<std::size_t> trials;
    for (const std::size_t trial : meant)
        if (set_aside(sweep, trial)) trials.push_back(trial);
    if (options.match.empty() && trials.empty()) fmt::print("no trial of sweep {} is set aside\n", sweep.grid.sweep);
    if (!trials.empty()) put_back(folder, sweep, trials);
    for (const std::size_t trial : trials)
        fmt::print("put back    {}  it was set aside: {}\n", label_of(sweep.grid.trials[trial]), printable(set_aside(sweep, trial)->why));
    print_not_set_aside(options.match, meant.size() - trials.size(), trials.size());
    if (!trials.empty())
        fmt::print("{} put back: the same `layersweep run` command tries {} again\n",
                   trials.size() == 1 ? "1 trial is" : fmt::format("{} trials are", trials.size()), trials.size() == 1 ? "it" : "them");
    return ExitCode::done;
}

}  // namespace layersweep
