#pragma once

#include <map>
#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/catalog.hpp"

namespace layersweep {

/// One point of the product of the axes on its way to a trial.
struct AxisPoint {
    Trial trial;
    const ModelFacts* model = nullptr;
    const DatasetFacts* dataset = nullptr;
    std::map<std::string, std::string> values;  ///< axis -> its value in the one spelling that reports use
    std::map<std::string, SourcePlace> places;  ///< axis or setting -> where its value was written
};

/// The point at `indices`, one per axis. The catalog must have every model and data set of the axes.
[[nodiscard]] AxisPoint axis_point(const SweepConfig& config, const Catalog& catalog, const std::vector<std::size_t>& indices);

/// Whether the point has, for every key, one of the values listed.
[[nodiscard]] bool matches(const Match& match, const AxisPoint& point);

/// An axis's value in the spelling of `AxisPoint::values`; "all" layers become the model's count.
[[nodiscard]] std::string canonical_value(const std::string& axis, const SettingValue& value, std::int64_t model_layers);

/// model, dataset, mode, layers, seed: the axes that every grid has.
[[nodiscard]] bool is_trial_axis(const std::string& name);

}  // namespace layersweep
