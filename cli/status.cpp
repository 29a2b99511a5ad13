#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "cli/commands.hpp"
#include "cli/recorded_order.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/clock.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/report/display.hpp"
#include "orchestrator/schedule/exit_code.hpp"

namespace layersweep {

namespace {

double seconds_since(std::int64_t unix_ms) {
    return double(SystemClock().unix_ms() - unix_ms) / 1000;
}

/// Seconds that the waiting trials will take at the pace of the finished ones: measured over foreseen seconds of those with the same
/// (model, data set, mode, layers), else of all. In grids of older versions nothing is foreseen, and all trials count alike.
class Pace {
public:
    explicit Pace(const Grid& grid) : grid_(grid) {}
    void add(std::size_t trial, double seconds) {
        for (const auto& key : {key_of_kind(grid_.trials[trial]), std::string()}) {
            auto& [measured, foreseen] = seconds_[key];
            measured += seconds;
            foreseen += weight(trial);
        }
    }
    [[nodiscard]] std::optional<double> expected(std::size_t trial) const {
        for (const auto& key : {key_of_kind(grid_.trials[trial]), std::string()})
            if (const auto found = seconds_.find(key); found != seconds_.end())
                return weight(trial) * found->second.first / found->second.second;
        return std::nullopt;
    }

private:
    [[nodiscard]] double weight(std::size_t trial) const {
        return grid_.foreseen_s.empty() ? 1 : std::max(grid_.foreseen_s[trial], 1e-6) * double(grid_.trials[trial].resources.gang);
    }
    static std::string key_of_kind(const Trial& trial) {
        return fmt::format("{} {} {} {}", trial.model.name, trial.dataset.name, name_of(trial.mode), trial.layers);
    }
    const Grid& grid_;
    std::map<std::string, std::pair<double, double>> seconds_;  ///< measured and foreseen
};

std::optional<double> seconds_left(const ReplayedSweep& sweep) {
    Pace pace(sweep.grid);
    std::size_t workers = 0;
    for (std::size_t i = 0; i < sweep.plan.size(); ++i) {
        if (const auto* finished = sweep.plan.status(i).as<trial_state::Finished>())
            pace.add(i, finished->result.timings.total_s * double(finished->workers.size()));
        if (const auto* running = sweep.plan.status(i).as<trial_state::Running>()) workers += running->workers.size();
    }
    double left = 0;
    for (std::size_t i = 0; i < sweep.plan.size(); ++i) {
        const auto& status = sweep.plan.status(i);
        const auto* running = status.as<trial_state::Running>();
        if (!running && !status.is_waiting()) continue;
        const auto expected = pace.expected(i);
        if (!expected) return std::nullopt;
        const double gone = running ? seconds_since(running->since_ms) * double(running->workers.size()) : 0;
        left += std::max(0.0, *expected - gone);
    }
    return workers > 0 ? std::optional(left / double(workers)) : std::nullopt;
}

void print_running(const ReplayedSweep& sweep) {
    for (std::size_t i = 0; i < sweep.plan.size(); ++i) {
        if (const auto* running = sweep.plan.status(i).as<trial_state::Running>())
            fmt::print("  running     {}  for {}, attempt {}\n", label_of(sweep.grid.trials[i]),
                       clock_text(seconds_since(running->since_ms)), running->attempt.number);
    }
}

void print_quarantined(const ReplayedSweep& sweep) {
    for (const auto& [worker, why] : sweep.quarantined) fmt::print("  quarantined worker {}  {}\n", worker.rank, printable(why));
}

/// How well the seconds were foreseen when each trial was assigned.
void print_foresight(const ReplayedSweep& sweep) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < sweep.plan.size(); ++i) {
        const auto* finished = sweep.plan.status(i).as<trial_state::Finished>();
        // Seconds of an interrupted trial are those of all its runs.
        if (finished && finished->predicted_s > 0 && finished->attempt.number == 1)
            ratios.push_back(finished->result.timings.total_s / finished->predicted_s);
    }
    if (ratios.empty()) return;
    std::ranges::sort(ratios);
    const auto at = [&](double part) { return ratios[std::size_t(part * double(ratios.size() - 1))]; };
    fmt::print("  seconds     measured / foreseen: median {:.2f}, nine of ten within {:.2f} to {:.2f}\n", at(0.5), at(0.05), at(0.95));
}

void print_troubled(const ReplayedSweep& sweep, const std::string& folder) {
    if (sweep.plan.counts().failures + sweep.plan.counts().set_aside == 0) return;
    const auto order = recorded_order(folder, sweep.grid);
    for (std::size_t i = 0; i < sweep.plan.size(); ++i) {
        const auto& status = sweep.plan.status(i);
        const auto name = label_of(sweep.grid.trials[i]);
        if (const auto* aside = status.as<trial_state::SetAside>()) fmt::print("  set aside   {}  {}\n", name, printable(aside->why));
        if (status.is_waiting() && status.last_failure)
            fmt::print("  to be tried again  {}  {}after {}: {}\n", name,
                       order.scheduler.is_suspected(sweep.plan, i) ? "alone, when nothing else is left, " : "",
                       name_of(status.last_failure->reason), printable(status.last_failure->detail));
    }
}

}  // namespace

ExitCode status_command(const StatusOptions& options) {
    const auto folder = existing_results(options.results);
    const auto sweep = read_sweep(folder);
    const auto& counts = sweep.plan.counts();
    const auto holder = living_holder_of({folder});
    fmt::print("sweep {}: {} of {} trials done, {} running, {} waiting, {} set aside; {} attempts failed\n", sweep.grid.sweep,
               counts.finished, sweep.grid.trials.size(), holder ? counts.running : 0, counts.waiting + (holder ? 0 : counts.running),
               counts.set_aside, counts.failures);
    if (holder) {
        fmt::print("  held by     {}\n", text_of(*holder));
        print_running(sweep);
        print_quarantined(sweep);
        if (const auto left = seconds_left(sweep)) fmt::print("  about {} left\n", clock_text(*left));
    } else if (!sweep.plan.is_complete()) {
        fmt::print("  nobody is running it: the same `layersweep run` command goes on\n");
    }
    print_foresight(sweep);
    print_troubled(sweep, folder);
    if (sweep.ledger.ignored_bytes > 0)
        fmt::print("  note: the ledger's last {} bytes are torn and are ignored\n", sweep.ledger.ignored_bytes);
    return options.exit_code ? exit_code(sweep.plan) : ExitCode::done;
}

}  // namespace layersweep
