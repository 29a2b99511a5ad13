#include "cli/recorded_order.hpp"

#include <map>

#include "cli/catalog.hpp"
#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/schedule/cost_model.hpp"
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

std::optional<std::vector<double>> costs_of(const Grid& grid) {
    try {
        std::map<std::string, ModelFacts> models;
        std::vector<double> costs;
        for (const Trial& trial : grid.trials) {
            if (!models.contains(trial.model.path)) models[trial.model.path] = shape_of(trial.model);
            costs.push_back(relative_cost(trial, models[trial.model.path]));
        }
        return costs;
    } catch (const ConfigError&) {
        return std::nullopt;
    }
}

}  // namespace

RecordedOrder recorded_order(const std::string& folder, const Grid& grid) {
    auto costs = costs_of(grid);
    const bool known = costs.has_value();
    if (!costs) costs.emplace(grid.trials.size());
    return {Scheduler(grid.trials, std::move(*costs), std::nullopt, max_attempts_of(folder)), known};
}

}  // namespace layersweep
