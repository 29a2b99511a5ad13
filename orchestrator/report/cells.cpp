#include "orchestrator/report/cells.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "protocol/errors.hpp"

namespace layersweep {

Spread spread_of(std::span<const double> values) {
    Spread spread{.n = static_cast<std::int64_t>(values.size())};
    if (values.empty()) return spread;
    const auto n = static_cast<double>(values.size());
    for (const double value : values) spread.mean += value;
    spread.mean /= n;
    if (values.size() < 2) return spread;
    double squares = 0;
    for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
    spread.deviation = std::sqrt(squares / (n - 1));
    return spread;
}

std::vector<Cell> cells_of(const ReportInput& input) {
    using Id = std::tuple<std::string, std::string, Mode, std::int64_t, std::vector<std::string>>;
    std::map<Id, std::size_t> index;
    std::vector<Cell> cells;
    for (const Trial& trial : input.grid->trials) {
        const Id id{trial.model.name, trial.dataset.name, trial.mode, trial.layers, axis_values(*input.grid, trial)};
        const auto [place, is_new] = index.try_emplace(id, cells.size());
        if (is_new) cells.emplace_back();
        Cell& cell = cells[place->second];
        cell.trials.push_back(&trial);
        const auto found = input.finished.find(trial.key);
        if (found == input.finished.end()) continue;
        const Result& result = *found->second.result;
        LAYERSWEEP_CHECK(std::isfinite(result.accuracy) && std::isfinite(result.macro_f1), "a result is not a number: " + trial.key.hex);
        cell.finished.push_back({trial.seed, &result});
    }
    return cells;
}

namespace {
Spread spread_of(const Cell& cell, double Result::*number) {
    std::vector<double> values;
    for (const Measured& measured : cell.finished) values.push_back(measured.result->*number);
    return layersweep::spread_of(values);
}
}  // namespace

Spread accuracy_of(const Cell& cell) {
    return spread_of(cell, &Result::accuracy);
}
Spread macro_f1_of(const Cell& cell) {
    return spread_of(cell, &Result::macro_f1);
}

std::vector<std::string> axis_values(const Grid& grid, const Trial& trial) {
    std::vector<std::string> values;
    for (const auto& name : grid.axis_names) {
        const auto found = std::ranges::find(trial.other_axes, name, &std::pair<std::string, std::string>::first);
        values.push_back(found == trial.other_axes.end() ? "" : found->second);
    }
    return values;
}

}  // namespace layersweep
