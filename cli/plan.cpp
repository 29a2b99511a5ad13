#include <fmt/format.h>

#include <algorithm>

#include "cli/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/machine.hpp"
#include "cli/report_files.hpp"
#include "orchestrator/grid/shortcut_rules.hpp"
#include "orchestrator/report/display.hpp"

namespace layersweep {

namespace {

void print_inputs(const Catalog& catalog) {
    fmt::print("\nmodels\n");
    for (const auto& [name, model] : catalog.models)
        fmt::print("  {:<14} {} · {} blocks · d {} · {} positions · {:.1f} M parameters · {}\n", name, model.family, model.layers,
                   model.size.d_model, model.positions, double(model.parameters(model.layers)) / 1e6, model.ref.path);
    fmt::print("data sets\n");
    for (const auto& [name, data] : catalog.datasets) {
        const auto of = [](std::int64_t published) { return published ? fmt::format(" of {}", published) : std::string(); };
        fmt::print("  {:<14} {} · train {}{} · test {}{} · {} classes{}\n", name, data.ref.format, data.train_rows,
                   of(data.published_train_rows), data.test_rows, of(data.published_test_rows), data.ref.classes.size(),
                   data.dropped_rows ? fmt::format(" · {} rows without text dropped", data.dropped_rows) : "");
    }
}

/// No schedule is shorter than its longest trial, or than all work evenly shared; longest first comes close.
void print_seconds(const LoadedSweep& sweep, std::int64_t workers) {
    double longest = 0, sum = 0;
    for (std::size_t i = 0; i < sweep.grid.trials.size(); ++i) {
        longest = std::max(longest, sweep.grid.foreseen_s[i]);
        sum += sweep.grid.foreseen_s[i] * double(sweep.grid.trials[i].resources.gang);
    }
    fmt::print("foreseen: at least {} on these workers ({})\n", clock_text(std::max(longest, sum / double(workers))),
               rates_here(sweep.config.resources) ? "from what a machine of this kind was measured to do"
                                                  : "a guess for one core of a server: workers measure their own machine when they start");
}

void print_trials(const LoadedSweep& sweep) {
    fmt::print("\n{:<10} {:<14} {:<10} {:<6} {:>6} {:>6} {:>12} {:>10}\n", "key", "model", "dataset", "mode", "layers", "seed",
               "parameters", "seconds");
    for (std::size_t i = 0; i < sweep.grid.trials.size(); ++i) {
        const auto& trial = sweep.grid.trials[i];
        const auto& model = sweep.catalog.models.at(trial.model.name);
        const auto classes = std::int64_t(trial.dataset.classes.size());
        const auto parameters = trained_parameters(model.size, trial.mode, trial.layers, classes);
        std::string axes;
        for (const auto& [name, value] : trial.other_axes) axes += fmt::format("  {}={}", name, value);
        fmt::print("{:<10} {:<14} {:<10} {:<6} {:>6} {:>6} {:>12} {:>10.3g}{}\n", trial.key.hex.substr(0, 10), trial.model.name,
                   trial.dataset.name, name_of(trial.mode), trial.layers, trial.seed, parameters, sweep.grid.foreseen_s[i], axes);
    }
}

}  // namespace

ExitCode plan_command(const std::string& config) {
    const auto sweep = load_whole_sweep(config);
    const auto workers = workers_for(sweep.config, sweep.grid, sweep.sizes, machine_limits());
    check_resources(sweep, workers, config);
    fmt::print("sweep {}: {} trials, results go to {}\n", sweep.grid.sweep, sweep.grid.trials.size(), results_folder(sweep.grid.sweep, ""));
    print_inputs(sweep.catalog);
    for (const auto& notice : sweep.grid.notices) fmt::print("note: {}\n", notice);
    fmt::print("\nworkers here: {} ({} threads each)\n", workers, sweep.config.resources.threads_per_worker);
    fmt::print("shortcuts\n");
    for (const auto& line : shortcut_lines(sweep.config, sweep.grid, sweep.catalog)) fmt::print("  {}\n", line);
    fmt::print("checkpoints: every {} s within a trial; an interrupted one goes on from its last\n",
               sweep.config.faults.checkpoint_every_s);
    print_seconds(sweep, workers);
    print_trials(sweep);
    fmt::print("\nNothing was started. To run it: layersweep run {}\n", config);
    return ExitCode::done;
}

}  // namespace layersweep
