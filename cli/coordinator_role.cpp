#include "cli/coordinator_role.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "cli/begun_here.hpp"
#include "cli/catalog.hpp"
#include "cli/grid_change_lines.hpp"
#include "cli/host_reaper.hpp"
#include "cli/last_word.hpp"
#include "cli/pause_point.hpp"
#include "cli/rank.hpp"
#include "cli/report_files.hpp"
#include "cli/stop_lead.hpp"
#include "orchestrator/coordinator.hpp"
#include "orchestrator/ledger/holder.hpp"
#include "orchestrator/report/plain_progress.hpp"
#include "orchestrator/report/terminal_progress.hpp"
#include "orchestrator/report/trial_folders.hpp"
#include "orchestrator/schedule/cost_model.hpp"
#include "protocol/durable_file.hpp"
#include "protocol/mpi/mpi_transport.hpp"

namespace layersweep {

namespace {

std::atomic<int> caught_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "the signal handler writes it");

class SignalStop final : public StopSource {
public:
    [[nodiscard]] std::optional<std::string> stop_requested() const override {
        const int number = caught_signal.load(std::memory_order_relaxed);
        if (number == 0) return std::nullopt;
        return std::string(number == SIGUSR1 ? "asked to stop" : number == SIGTERM ? "SIGTERM" : "SIGINT");
    }
};

std::unique_ptr<Progress> progress_for(const std::string& style) {
    if (style != "terminal") return std::make_unique<PlainProgress>(std::cout);
    const char* told = std::getenv(columns_variable);
    const auto columns = std::size_t(told ? std::max(20, std::atoi(told)) : 80);
    return std::make_unique<TerminalProgress>(std::cout, [columns] { return columns; });
}

Scheduler scheduler_for(const LoadedSweep& sweep, std::optional<std::uint64_t> shuffle) {
    return {sweep.grid.trials, sweep.grid.foreseen_s, shuffle, sweep.config.faults.max_attempts};
}

LifeDescription life_of(const LoadedSweep& sweep) {
    LifeDescription life{.sweep = sweep.grid.sweep, .grid_hash = grid_hash(sweep.grid)};
    for (const auto& [name, model] : sweep.catalog.models) life.models[name] = model.ref.fingerprint;
    for (const auto& [name, data] : sweep.catalog.datasets) life.datasets[name] = data.ref.fingerprint;
    return begun_here(std::move(life));
}

CoordinatorOptions options_of(const LoadedSweep& sweep, std::chrono::milliseconds answer_timeout) {
    const auto& faults = sweep.config.faults;
    return {.max_attempts = faults.max_attempts,
            .answer_timeout = answer_timeout,
            .checkpoint_every_s = faults.checkpoint_every_s,
            .vigil = {.silence = std::chrono::seconds(faults.worker_silence_s), .stuck = std::chrono::seconds(faults.stuck_after_s)}};
}

ExitCode run_sweep(MpiSession& session, CoordinatorTransport& transport, const RunOptions& options) {
    const auto sweep = load_whole_sweep(options.config);
    check_resources(sweep, session.size() - 1, options.config);
    const auto folder = results_folder(sweep.grid.sweep, options.results);
    const LedgerHolder holder({folder}, current_process(), take_over_if(options.take_over));

    const auto progress = progress_for(options.progress);
    if (std::getenv(launched_variable) == nullptr)
        for (const auto& line : grid_change_lines(folder, replay_sweep(folder, sweep.grid))) progress->on_notice(line);
    write_sweep_files(folder, sweep);
    TrialFolders files(std::filesystem::absolute(folder));
    const auto lead = measure_stop_lead(sweep, session.size() - 1, folder);
    progress->on_notice(lead.text());
    const auto scheduler = scheduler_for(sweep, options.shuffle);

    const auto segments = open_segments({folder});
    Plan plan(sweep.grid.trials);
    const SystemClock clock;
    auto ledger = begin_life(*segments, life_of(sweep), clock.unix_ms(), [&plan](const Event& event) { plan.apply(event); });
    tidy_checkpoints(files, plan);
    const SignalStop stop;
    HostReaper reaper;
    CostModel costs(sweep.grid.trials, sweep.sizes);
    Coordinator coordinator(sweep.grid, plan, scheduler, ledger, {transport, clock, *progress, files, stop, reaper, &costs},
                            options_of(sweep, lead.lead));
    const auto code = coordinator.run();
    write_report(folder, report_input(sweep.grid, plan));
    return code;
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action = {};
    action.sa_handler = [](int number) { caught_signal.store(number, std::memory_order_relaxed); };
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : {SIGUSR1, SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
}

ExitCode coordinator_role(MpiSession& session, const RunOptions& options) {
    const auto transport = mpi_coordinator(session);
    const auto dismiss_workers = [&transport] {
        for (const auto worker : transport->workers()) transport->send(worker, to_worker::Stop{});
    };
    try {
        return run_sweep(session, *transport, options);
    } catch (const ConfigError&) {
        dismiss_workers();
        throw;
    } catch (...) {
        LastWord::leave_failure();
        dismiss_workers();
        throw;
    }
}

}  // namespace layersweep
