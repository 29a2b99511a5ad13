#include "orchestrator/schedule/replayed_sweep.hpp"

#include <utility>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

/// The workers that are given no work; what happens to them later takes them out again.
class Quarantine {
public:
    void apply(const Event& event) {
        if (const auto* began = std::get_if<event::LifeBegan>(&event); began != nullptr && !began->continued) workers_.clear();
        if (const auto* quarantined = std::get_if<event::Quarantined>(&event)) workers_[quarantined->worker] = quarantined->why;
        if (const auto* lost = std::get_if<event::WorkerLost>(&event)) workers_.erase(lost->worker);
        if (const auto* assigned = std::get_if<event::Assigned>(&event))
            for (const WorkerId worker : assigned->workers) workers_.erase(worker);
    }
    [[nodiscard]] std::map<WorkerId, std::string> workers() && { return std::move(workers_); }

private:
    std::map<WorkerId, std::string> workers_;
};

}  // namespace

ReplayedSweep read_sweep(const std::filesystem::path& results_dir) {
    const ResultsFolder folder{results_dir};
    if (!std::filesystem::exists(folder.grid()))
        throw ConfigError(results_dir.string(), "there is no sweep here", "a results folder holds " + folder.grid().filename().string(),
                          "name the folder that `layersweep run` wrote, results/<sweep> unless --results said otherwise");
    return replay_sweep(results_dir, read_grid(folder.grid().string()));
}

ReplayedSweep replay_sweep(const std::filesystem::path& results_dir, Grid grid) {
    Plan plan(grid.trials);
    Quarantine quarantine;
    const LedgerEnd end = replay_ledger(SegmentFolder({results_dir}), [&](const Event& event) {
        plan.apply(event);
        quarantine.apply(event);
    });
    return {std::move(grid), std::move(plan), end, std::move(quarantine).workers()};
}

}  // namespace layersweep
