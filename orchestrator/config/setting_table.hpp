#pragma once

#include <functional>
#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"

namespace layersweep {

enum class SettingScope { trial, run };  ///< a trial's setting can be an axis and can be overridden

/// One setting of the sweep file: the single source of its name, default, meaning, parser and printer.
struct Setting {
    std::string section;
    std::string name;
    SettingScope scope = SettingScope::trial;
    std::string accepts;
    std::string meaning;
    std::function<void(SettingTarget&, const SettingValue&)> apply;
    std::function<std::string(const SettingTarget&)> print;
};

/// All settings, grouped by section, in the order of the reference.
[[nodiscard]] const std::vector<Setting>& setting_table();
/// The setting of a section ("training", …); nullptr where it has none of that name.
[[nodiscard]] const Setting* find_setting(const std::string& section, const std::string& name);
/// The sections in order.
[[nodiscard]] const std::vector<std::string>& setting_sections();

}  // namespace layersweep
