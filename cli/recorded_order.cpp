#include "cli/recorded_order.hpp"

#include "orchestrator/config/sweep_config.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

namespace {

std::int64_t max_attempts_of(const std::string& folder) {
    try {
        return load_sweep(folder + "/sweep.resolved.yaml").faults.max_attempts;
    } catch (const ConfigError&) {
        return FaultSettings{}.max_attempts;
    }
}

}  // namespace

RecordedOrder recorded_order(const std::string& folder, const Grid& grid) {
    const bool known = !grid.foreseen_s.empty();
    auto costs = known ? grid.foreseen_s : std::vector<double>(grid.trials.size());
    return {Scheduler(grid.trials, std::move(costs), std::nullopt, max_attempts_of(folder)), known};
}

}  // namespace layersweep
