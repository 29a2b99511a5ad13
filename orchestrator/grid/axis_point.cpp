#include "orchestrator/grid/axis_point.hpp"

#include <algorithm>

#include "orchestrator/config/setting_kinds.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

template <class Facts>
const Facts& facts_of(const std::map<std::string, Facts>& all, const std::string& name) {
    const auto found = all.find(name);
    LAYERSWEEP_CHECK(found != all.end(), "the catalog has no facts about '" + name + "'");
    return found->second;
}

/// Sets what needs no other axis.
void set_axis(AxisPoint& point, const Catalog& catalog, const std::string& axis, const SettingValue& value) {
    if (axis == "model") {
        point.model = &facts_of(catalog.models, value.text);
        point.trial.model = point.model->ref;
    } else if (axis == "dataset") {
        point.dataset = &facts_of(catalog.datasets, value.text);
        point.trial.dataset = point.dataset->ref;
    } else if (axis == "mode") {
        point.trial.mode = Choice<Mode>{}.parse(axis, value);
    } else if (axis == "seed") {
        point.trial.seed = parse_seed(value);
    } else if (axis != "layers") {
        LAYERSWEEP_CHECK(apply_setting(point.trial, axis, value), "no setting is called '" + axis + "'");
    }
    point.places[axis] = value.place;
}

template <class Visit>
void for_each_value(const SweepConfig& config, const std::vector<std::size_t>& indices, Visit&& visit) {
    for (std::size_t a = 0; a < config.axes.size(); ++a) {
        const Axis& axis = config.axes[a];
        for (std::size_t n = 0; n < axis.names.size(); ++n) visit(axis.names[n], axis.values[indices[a]][n]);
    }
}

}  // namespace

bool is_trial_axis(const std::string& name) {
    return std::ranges::find(trial_axes(), name) != trial_axes().end();
}

std::string canonical_value(const std::string& axis, const SettingValue& value, std::int64_t model_layers) {
    if (axis == "layers") return std::to_string(parse_layers(value).value_or(model_layers));
    if (axis == "seed") return std::to_string(parse_seed(value));
    if (is_trial_axis(axis)) return value.text;
    Trial scratch;
    LAYERSWEEP_CHECK(apply_setting(scratch, axis, value), "no setting is called '" + axis + "'");
    return *printed_setting(scratch, axis);
}

AxisPoint axis_point(const SweepConfig& config, const Catalog& catalog, const std::vector<std::size_t>& indices) {
    AxisPoint point;
    point.trial.training = config.training;
    point.trial.resources = config.resources;
    point.places = config.setting_places;
    for_each_value(config, indices, [&](const auto& axis, const auto& value) { set_axis(point, catalog, axis, value); });
    LAYERSWEEP_CHECK(point.model != nullptr && point.dataset != nullptr, "a grid without the axes model and dataset");
    for_each_value(config, indices, [&](const std::string& axis, const SettingValue& value) {
        if (axis == "layers") point.trial.layers = parse_layers(value).value_or(point.model->layers);
        point.values[axis] = is_trial_axis(axis) ? canonical_value(axis, value, point.model->layers) : *printed_setting(point.trial, axis);
        if (!is_trial_axis(axis)) point.trial.other_axes.emplace_back(axis, point.values[axis]);
    });
    return point;
}

bool matches(const Match& match, const AxisPoint& point) {
    return std::ranges::all_of(match.keys, [&](const auto& key) {
        const std::string& mine = point.values.at(key.first);
        return std::ranges::any_of(
            key.second, [&](const SettingValue& value) { return canonical_value(key.first, value, point.model->layers) == mine; });
    });
}

}  // namespace layersweep
