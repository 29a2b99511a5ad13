#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.hpp"

namespace {

using layersweep::ExitCode;

int code(ExitCode exit) {
    return static_cast<int>(exit);
}

}  // namespace

ExitCode layersweep::guarded(const std::function<ExitCode()>& command) {
    try {
        return command();
    } catch (const ConfigError& error) {
        std::fprintf(stderr, "layersweep: %s\n", error.what());
        return ExitCode::user_mistake;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "layersweep: %s\n", error.what());
        return ExitCode::machine_failed;
    }
}

int main(int argc, char** argv) {
    CLI::App app{"Fine-tunes pretrained decoders with their first N blocks over a whole grid, and tabulates accuracy against N."};
    app.name("layersweep");
    app.set_version_flag("--version", LAYERSWEEP_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 all trials finished; 2 a mistake in what was asked; 3 some trials were set aside;\n"
        "70 the machine failed; 75 stopped early, run the same command again; 130 interrupted.");
    std::function<ExitCode()> command;

    std::string plan_config;
    auto* plan = app.add_subcommand("plan", "Show what would run, fully checked; starts nothing");
    plan->add_option("SWEEP", plan_config, "sweep file (YAML)")->required();
    plan->callback([&] { command = [&] { return layersweep::plan_command(plan_config); }; });

    layersweep::RunOptions run_options;
    auto* run = app.add_subcommand("run", "Run a sweep; the same command resumes it");
    run->add_option("SWEEP", run_options.config, "sweep file (YAML)")->required();
    run->add_option("--results", run_options.results, "folder for results (default: results/<sweep>)");
    run->add_option("--progress", run_options.progress, "auto, terminal or plain")->check(CLI::IsMember({"auto", "terminal", "plain"}));
    run->add_option("--shuffle", run_options.shuffle, "dispatch in an order shuffled by this seed; results do not depend on it");
    run->add_flag("--take-over", run_options.take_over, "go on with a sweep whose other holder is known to be gone");
    run->callback([&] { command = [&] { return layersweep::run_command(run_options); }; });

    layersweep::StatusOptions status_options;
    auto* status = app.add_subcommand("status", "Show done, running, failed and waiting trials; works while the sweep runs");
    status->add_option("RESULTS", status_options.results, "results folder")->required();
    status->add_flag("--exit-code", status_options.exit_code, "end with the exit code that the ledger gives");
    status->callback([&] { command = [&] { return layersweep::status_command(status_options); }; });

    std::string report_results;
    auto* report = app.add_subcommand("report", "Write the CSV files and tables anew, and print the tables");
    report->add_option("RESULTS", report_results, "results folder")->required();
    report->callback([&] { command = [&] { return layersweep::report_command(report_results); }; });

    std::string trace_config, trace_trial, trace_out;
    std::optional<std::int64_t> trace_steps;
    auto* trace = app.add_subcommand("trace", "Write what one trial feeds the model, step by step");
    trace->add_option("SWEEP", trace_config, "sweep file (YAML)")->required();
    trace->add_option("TRIAL", trace_trial, "key prefix, or model=…,dataset=…,mode=…,layers=…,seed=…")->required();
    trace->add_option("--out", trace_out, "folder to write into")->required();
    trace->add_option("--steps", trace_steps, "end after this many optimizer steps")->check(CLI::PositiveNumber);
    trace->callback([&] { command = [&] { return layersweep::trace_command(trace_config, trace_trial, trace_out, trace_steps); }; });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int shown = app.exit(error);
        return shown == 0 ? 0 : code(ExitCode::user_mistake);
    }
    return code(layersweep::guarded(command));
}
