#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "orchestrator/config/sections.hpp"
#include "orchestrator/config/setting_kinds.hpp"
#include "orchestrator/config/suggestion.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : map) keys.push_back(key);
    return keys;
}

std::vector<std::string> possible_axes() {
    auto names = trial_axes();
    const auto settings = trial_setting_names();
    names.insert(names.end(), settings.begin(), settings.end());
    return names;
}

void check_axis_name(const YamlEntry& entry) {
    const auto known = possible_axes();
    if (std::ranges::find(known, entry.key) != known.end()) return;
    throw ConfigError(entry.place.text(), fmt::format("'{}' cannot be an axis", entry.key),
                      "an axis is model, dataset, mode, layers, seed, zip, or a training or resource setting of a trial",
                      suggestion(entry.key, known));
}

void check_name(const char* what, const SettingValue& value, const std::vector<std::string>& known) {
    if (std::ranges::find(known, value.text) != known.end()) return;
    throw ConfigError(value.place.text(), fmt::format("no {} is called '{}'", what, value.text),
                      fmt::format("the names are those under '{}s'", what), suggestion(value.text, known));
}

void check_axis_value(const SweepConfig& config, const std::string& axis, const SettingValue& value) {
    if (axis == "model") {
        check_name("model", value, keys_of(config.models));
    } else if (axis == "dataset") {
        check_name("dataset", value, keys_of(config.datasets));
    } else if (axis == "mode") {
        (void)Choice<Mode>{}.parse("mode", value);
    } else if (axis == "layers") {
        (void)parse_layers(value);
    } else if (axis == "seed") {
        (void)parse_seed(value);
    } else {
        Trial scratch;
        apply_setting(scratch, axis, value);
    }
}

Axis read_axis(const YamlEntry& entry, const SweepConfig& config) {
    check_axis_name(entry);
    Axis axis{.names = {entry.key}, .place = entry.place};
    for (auto& value : setting_values(entry.value, "grid." + entry.key)) {
        check_axis_value(config, entry.key, value);
        axis.values.push_back({std::move(value)});
    }
    return axis;
}

/// One value of the zip axis, in the order of the first one's names.
std::vector<SettingValue> read_zip_value(const YamlMap& map, const std::vector<std::string>& names, const SweepConfig& config) {
    map.allow_only(names);
    std::vector<SettingValue> values;
    for (const auto& name : names) {
        const auto& node = map.require(name, "every entry of a zip axis sets the same names");
        values.push_back(setting_value(node, map.name_of(name)));
        check_axis_value(config, name, values.back());
    }
    return values;
}

Axis read_zip(const YamlEntry& entry, const SweepConfig& config) {
    Axis axis{.place = entry.place};
    for (const auto& item : items_of(entry.value, "grid.zip")) {
        const YamlMap map(item, "grid.zip");
        if (axis.names.empty()) {
            for (const auto& key : map.entries()) check_axis_name(key), axis.names.push_back(key.key);
        }
        axis.values.push_back(read_zip_value(map, axis.names, config));
    }
    if (!axis.names.empty()) return axis;
    throw ConfigError(entry.place.text(), "the zip axis has no values", "the product with nothing is nothing",
                      "list its values: - { model: a, learning_rate: 1e-5 }");
}

void check_axes(const SweepConfig& config, const YamlNode& grid) {
    std::set<std::string> seen;
    for (const auto& axis : config.axes) {
        for (const auto& name : axis.names) {
            if (seen.insert(name).second) continue;
            throw ConfigError(axis.place.text(), fmt::format("'{}' is set by two axes", name), "its value would not be clear",
                              "keep it in the zip axis or beside it, not in both");
        }
    }
    for (const auto& name : trial_axes()) {
        if (seen.contains(name)) continue;
        throw ConfigError(grid.place.text(), fmt::format("the grid has no axis '{}'", name),
                          "model, dataset, mode, layers and seed make a trial", fmt::format("add '{}: [ … ]' under grid", name));
    }
}

std::vector<std::string> axis_names(const SweepConfig& config) {
    std::vector<std::string> names;
    for (const auto& axis : config.axes) names.insert(names.end(), axis.names.begin(), axis.names.end());
    return names;
}

Match read_match(const YamlNode& node, const std::string& what, const SweepConfig& config) {
    const YamlMap map(node, what);
    const auto names = axis_names(config);
    Match match{.place = node.place};
    for (const auto& entry : map.entries()) {
        if (std::ranges::find(names, entry.key) == names.end()) {
            throw ConfigError(entry.place.text(), fmt::format("'{}' is no axis of this grid", entry.key),
                              fmt::format("{} matches the values of axes", what), suggestion(entry.key, names));
        }
        auto values = entry.key == "betas" && entry.value.kind == YamlNode::Kind::sequence && !entry.value.items.empty() &&
                              entry.value.items[0].kind == YamlNode::Kind::scalar
                          ? std::vector{setting_value(entry.value, map.name_of(entry.key))}
                          : setting_values(entry.value, map.name_of(entry.key));
        for (const auto& value : values) check_axis_value(config, entry.key, value);
        match.keys.emplace_back(entry.key, std::move(values));
    }
    if (!match.keys.empty()) return match;
    throw ConfigError(node.place.text(), fmt::format("{} matches every trial", what), "it names no axis",
                      "name at least one axis with its value; what holds for all trials belongs under 'training'");
}

void read_set(const YamlNode& node, const SweepConfig& config, Override& entry) {
    const YamlMap map(node, "override.set");
    const auto axes = axis_names(config);
    for (const auto& item : map.entries()) {
        if (std::ranges::find(axes, item.key) != axes.end()) {
            throw ConfigError(item.place.text(), fmt::format("an override may not set the axis '{}'", item.key),
                              "tables would show a value that was not used", "use a zip axis, or 'exclude' and a second sweep");
        }
        map.allow_only(trial_setting_names());
        const SettingValue value = setting_value(item.value, map.name_of(item.key));
        check_axis_value(config, item.key, value);
        entry.set.emplace_back(item.key, value);
    }
    if (!entry.set.empty()) return;
    throw ConfigError(node.place.text(), "override.set is empty", "the entry would change nothing", "set a training or resource setting");
}

}  // namespace

const std::vector<std::string>& trial_axes() {
    static const std::vector<std::string> axes{"model", "dataset", "mode", "layers", "seed"};
    return axes;
}

void read_grid(const YamlNode& node, SweepConfig& config) {
    const YamlMap grid(node, "grid");
    for (const auto& entry : grid.entries()) config.axes.push_back(entry.key == "zip" ? read_zip(entry, config) : read_axis(entry, config));
    check_axes(config, node);
}

void read_exclude(const YamlNode& node, SweepConfig& config) {
    for (const auto& item : items_of(node, "exclude")) config.exclude.push_back(read_match(item, "exclude", config));
}

void read_override(const YamlNode& node, SweepConfig& config) {
    for (const auto& item : items_of(node, "override")) {
        const YamlMap map(item, "override");
        map.allow_only({"match", "set"});
        Override entry{.match = read_match(map.require("match", "it says which trials change"), "override.match", config)};
        read_set(map.require("set", "it says what changes"), config, entry);
        config.overrides.push_back(std::move(entry));
    }
}

}  // namespace layersweep
