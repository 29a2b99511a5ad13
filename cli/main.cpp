#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>

#include "cli/commands.hpp"

namespace {

using layersweep::ExitCode;

using Command = std::function<ExitCode()>;

int code(ExitCode exit) {
    return static_cast<int>(exit);
}

// Each registers one command; where that is what was asked for, `chosen` becomes what runs it. Options live as long as the callback.

void add_plan(CLI::App& app, Command& chosen) {
    auto config = std::make_shared<std::string>();
    auto* plan = app.add_subcommand("plan", "Show what would run, fully checked; starts nothing");
    plan->add_option("SWEEP", *config, "sweep file (YAML)")->required();
    plan->callback([&chosen, config] { chosen = [config] { return layersweep::plan_command(*config); }; });
}

void add_run(CLI::App& app, Command& chosen) {
    auto options = std::make_shared<layersweep::RunOptions>();
    auto* run = app.add_subcommand("run", "Run a sweep; the same command resumes it");
    run->add_option("SWEEP", options->config, "sweep file (YAML)")->required();
    run->add_option("--results", options->results, "folder for results (default: results/<sweep>)");
    run->add_option("--progress", options->progress, "auto, terminal or plain")->check(CLI::IsMember({"auto", "terminal", "plain"}));
    run->add_option("--shuffle", options->shuffle, "dispatch in an order shuffled by this seed; results do not depend on it");
    run->add_flag("--take-over", options->take_over, "go on with a sweep whose other holder is known to be gone");
    run->callback([&chosen, options] { chosen = [options] { return layersweep::run_command(*options); }; });
}

void add_status(CLI::App& app, Command& chosen) {
    auto options = std::make_shared<layersweep::StatusOptions>();
    auto* status = app.add_subcommand("status", "Show done, running, failed and waiting trials; works while the sweep runs");
    status->add_option("RESULTS", options->results, "results folder")->required();
    status->add_flag("--exit-code", options->exit_code, "end with the exit code that the ledger gives");
    status->callback([&chosen, options] { chosen = [options] { return layersweep::status_command(*options); }; });
}

void add_explain(CLI::App& app, Command& chosen) {
    auto results = std::make_shared<std::string>();
    auto trial = std::make_shared<std::string>();
    auto* explain = app.add_subcommand("explain", "Show why one trial runs, waits or is set aside, and all that happened to it");
    explain->add_option("RESULTS", *results, "results folder")->required();
    explain->add_option("TRIAL", *trial, "key prefix, or model=…,dataset=…,mode=…,layers=…,seed=…")->required();
    explain->callback([&chosen, results, trial] { chosen = [results, trial] { return layersweep::explain_command(*results, *trial); }; });
}

void add_retry(CLI::App& app, Command& chosen) {
    auto options = std::make_shared<layersweep::RetryOptions>();
    auto* retry = app.add_subcommand("retry", "Put trials that were set aside back in line; the next run tries them again");
    retry->add_option("RESULTS", options->results, "results folder")->required();
    retry->add_option("MATCH", options->match, "only these: key prefix, or any of model=…,dataset=…,mode=…,layers=…,seed=… (default: all)");
    retry->add_flag("--take-over", options->take_over, "though the sweep's holder cannot be shown to be gone");
    retry->callback([&chosen, options] { chosen = [options] { return layersweep::retry_command(*options); }; });
}

void add_report(CLI::App& app, Command& chosen) {
    auto results = std::make_shared<std::string>();
    auto* report = app.add_subcommand("report", "Write the CSV files and tables anew, and print the tables");
    report->add_option("RESULTS", *results, "results folder")->required();
    report->callback([&chosen, results] { chosen = [results] { return layersweep::report_command(*results); }; });
}

void add_ledger(CLI::App& app, Command& chosen) {
    auto options = std::make_shared<layersweep::LedgerCheckOptions>();
    auto* ledger = app.add_subcommand("ledger", "Look after the record of what happened");
    ledger->require_subcommand(1);
    auto* check = ledger->add_subcommand("check", "Show every segment and whether all that counts can be read");
    check->add_option("RESULTS", options->results, "results folder")->required();
    auto* repair = check->add_flag("--repair", options->repair, "of a damaged ledger, write all that can still be read into a new segment");
    check->add_flag("--take-over", options->take_over, "though the sweep's holder cannot be shown to be gone")->needs(repair);
    check->callback([&chosen, options] { chosen = [options] { return layersweep::ledger_check_command(*options); }; });
}

void add_trace(CLI::App& app, Command& chosen) {
    auto options = std::make_shared<layersweep::TraceOptions>();
    auto* trace = app.add_subcommand("trace", "Write what one trial feeds the model, step by step");
    trace->add_option("SWEEP", options->config, "sweep file (YAML)")->required();
    trace->add_option("TRIAL", options->trial, "key prefix, or model=…,dataset=…,mode=…,layers=…,seed=…")->required();
    trace->add_option("--out", options->folder, "folder to write into")->required();
    trace->add_option("--steps", options->steps, "end after this many optimizer steps")->check(CLI::PositiveNumber);
    trace->callback([&chosen, options] { chosen = [options] { return layersweep::trace_command(*options); }; });
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
    Command command;
    for (const auto add : {add_plan, add_run, add_status, add_explain, add_retry, add_report, add_ledger, add_trace}) add(app, command);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int shown = app.exit(error);
        return shown == 0 ? 0 : code(ExitCode::user_mistake);
    }
    return code(layersweep::guarded(command));
}
