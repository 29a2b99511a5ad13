#include "orchestrator/config/sweep_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/config/sections.hpp"
#include "orchestrator/config/setting_table.hpp"
#include "orchestrator/config/source_text.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

const Setting* find_trial_setting(const std::string& name) {
    const auto& table = setting_table();
    const auto found = std::ranges::find_if(table, [&](const Setting& s) { return s.scope == SettingScope::trial && s.name == name; });
    return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> names_in_section(const std::string& section) {
    std::vector<std::string> names;
    for (const auto& setting : setting_table()) {
        if (setting.section == section) names.push_back(setting.name);
    }
    return names;
}

void read_settings(const YamlMap& root, SweepConfig& config) {
    for (const auto& section : setting_sections()) {
        const YamlNode* node = root.find(section);
        if (node == nullptr) continue;
        const YamlMap map(*node, section);
        map.allow_only(names_in_section(section));
        for (const auto& entry : map.entries()) {
            find_setting(section, entry.key)->apply(config, setting_value(entry.value, map.name_of(entry.key)));
            config.setting_places[entry.key] = entry.value.place;
        }
    }
}

}  // namespace

std::string SourcePlace::text() const {
    return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

SweepConfig load_sweep(const std::string& path) {
    const YamlNode document = parse_yaml(path, read_source_text(path));
    const YamlMap root(document, "");
    root.allow_only({"sweep", "models", "datasets", "grid", "exclude", "override", "training", "shortcuts", "resources", "faults"});
    SweepConfig config;
    const YamlNode& name = root.require("sweep", "it names the folder of the results");
    config.name = short_name(text_of(name, "sweep"), name.place, "sweep");
    config.place = {path, document.place.line, document.place.column};
    read_models(root.require("models", "the grid takes its models from it"), config);
    read_datasets(root.require("datasets", "the grid takes its data sets from it"), config);
    read_settings(root, config);
    read_grid(root.require("grid", "it says which trials there are"), config);
    if (const auto* node = root.find("exclude")) read_exclude(*node, config);
    if (const auto* node = root.find("override")) read_override(*node, config);
    return config;
}

bool apply_setting(Trial& trial, const std::string& name, const SettingValue& value) {
    const Setting* setting = find_trial_setting(name);
    if (setting == nullptr) return false;
    SettingTarget target{.training = trial.training, .resources = trial.resources};
    setting->apply(target, value);
    trial.training = target.training;
    trial.resources = target.resources;
    return true;
}

std::optional<std::string> printed_setting(const Trial& trial, const std::string& name) {
    const Setting* setting = find_trial_setting(name);
    if (setting == nullptr) return std::nullopt;
    return setting->print({.training = trial.training, .resources = trial.resources});
}

std::vector<std::string> trial_setting_names() {
    std::vector<std::string> names;
    for (const auto& setting : setting_table()) {
        if (setting.scope == SettingScope::trial) names.push_back(setting.name);
    }
    return names;
}

}  // namespace layersweep
