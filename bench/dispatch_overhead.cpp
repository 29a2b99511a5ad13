// How many trials a second can be recorded durably where the trials themselves cost nothing? The shipped coordinator, ledger and MPI
// transport with four workers that answer at once; beside it, what one fdatasync costs on the same disk.
//   dispatch_overhead [FOLDER] [TRIALS]    starts its five ranks itself
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "orchestrator/coordinator.hpp"
#include "orchestrator/ledger/segment_store.hpp"
#include "protocol/mpi/mpi_transport.hpp"

namespace {

using namespace layersweep;
using Seconds = std::chrono::duration<double>;

constexpr int workers = 4;

struct Silent final : Progress, TrialFiles, StopSource, WorkerReaper {
    void on_finished(const Trial&, const Result&, const Standing&) override {}
    void on_failed(const Trial&, const Attempt&, const TrialFailure&, const Standing&) override {}
    void on_set_aside(const Trial&, std::string_view, const Standing&) override {}
    void on_tick(const Standing&) override {}
    void on_notice(std::string_view) override {}
    void on_end(const Standing&) override {}
    void write_predictions(const Trial&, const Result&) override {}
    [[nodiscard]] std::string checkpoints_of(const TrialKey&) const override { return {}; }
    void remove_checkpoints(const TrialKey&) noexcept override {}
    [[nodiscard]] std::optional<std::string> stop_requested() const override { return std::nullopt; }
    void end(WorkerId, const WorkerFacts&) noexcept override {}
};

Grid grid_of(std::int64_t trials) {
    Grid grid{.sweep = "bench"};
    for (std::int64_t i = 0; i < trials; ++i) {
        Trial trial{.key = {fmt::format("{:032x}", i)}};
        trial.model.name = "gpt2-xl";
        trial.dataset.name = "sst2";
        grid.trials.push_back(std::move(trial));
    }
    return grid;
}

/// Seconds for all trials.
double run_sweep(CoordinatorTransport& transport, const std::filesystem::path& folder, std::int64_t trials) {
    const Grid grid = grid_of(trials);
    const ResultsFolder results{folder};
    std::filesystem::create_directories(results.ledger());
    SegmentFolder segments(results);
    Plan plan(grid.trials);
    LedgerWriter ledger = begin_life(segments, {.sweep = grid.sweep}, 0, [&plan](const Event& event) { plan.apply(event); });
    const Scheduler scheduler(grid.trials, std::vector<double>(grid.trials.size(), 1.0));
    const SystemClock clock;
    Silent silent;
    const auto start = std::chrono::steady_clock::now();
    Coordinator(grid, plan, scheduler, ledger, {transport, clock, silent, silent, silent, silent}).run();
    const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
    if (plan.counts().finished != grid.trials.size()) fmt::print("only {} trials finished\n", plan.counts().finished);
    return seconds;
}

void answer_at_once(WorkerTransport& transport) {
    transport.send(to_coordinator::Hello{{"bench", getpid(), "cpu", "none"}, ""});
    Result result;
    result.confusion = {{400, 36}, {52, 384}};
    result.curve = {{1, 0.7, 0.8}, {2, 0.4, 0.9}};
    result.weights_hash = std::string(32, 'a');
    while (true) {
        const auto message = transport.receive(std::chrono::seconds(1));
        if (!message) continue;
        if (std::holds_alternative<to_worker::Stop>(*message)) return;
        if (const auto* assign = std::get_if<to_worker::Assign>(&*message))
            transport.send(to_coordinator::Finished{assign->attempt, result, ""});
    }
}

/// Median and 90th percentile of appending a result's line and syncing it, in milliseconds.
std::pair<double, double> sync_cost(const std::filesystem::path& folder) {
    constexpr int tries = 500;
    const auto path = folder / "fdatasync";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const std::string line(900, 'x');
    std::vector<double> costs;
    for (int i = 0; i < tries; ++i) {
        const auto start = std::chrono::steady_clock::now();
        if (::write(file, line.data(), line.size()) < 0 || ::fdatasync(file) != 0) break;
        costs.push_back(1e3 * Seconds(std::chrono::steady_clock::now() - start).count());
    }
    ::close(file);
    std::filesystem::remove(path);
    std::ranges::sort(costs);
    if (costs.empty()) return {0, 0};
    return {costs[costs.size() / 2], costs[costs.size() * 9 / 10]};
}

void start_ranks(char** argv, const std::string& folder, const std::string& trials) {
    for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"}) setenv(name, "1", 1);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    execl(LAYERSWEEP_OPENMPI_PREFIX "/bin/mpirun", "mpirun", "--with-ft", "ulfm", "--bind-to", "none", "--map-by", ":OVERSUBSCRIBE", "-n",
          std::to_string(workers + 1).c_str(), argv[0], folder.c_str(), trials.c_str(), nullptr);
    std::perror("mpirun cannot be started");
    std::exit(70);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : std::filesystem::current_path() / "build/bench-ledger";
    const std::string trials = argc > 2 ? argv[2] : "20000";
    if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) start_ranks(argv, folder, trials);
    MpiSession session;
    if (session.rank() > 0) {
        answer_at_once(*mpi_worker(session));
        return 0;
    }
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto transport = mpi_coordinator(session);
    const double seconds = run_sweep(*transport, folder, std::stoll(trials));
    const auto [median, late] = sync_cost(folder);
    fmt::print("dispatch_overhead: {} durable no-op trials with {} workers in {:.2f} s: {:.0f} a second\n", trials, workers, seconds,
               double(std::stoll(trials)) / seconds);
    fmt::print("fdatasync of one line on the same disk: median {:.3f} ms, 90th percentile {:.3f} ms: at most {:.0f} a second one by one\n",
               median, late, 1e3 / median);
    std::filesystem::remove_all(folder);
    return 0;
}
