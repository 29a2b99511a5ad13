#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/trial.hpp"

namespace layersweep {

/// Where a value stands in the sweep file; lines and columns from 1.
struct SourcePlace {
    std::string file;
    int line = 0, column = 0;
    [[nodiscard]] std::string text() const;  ///< "file:line:column"; the file alone where the line is 0
};

/// A scalar as written, with its place; typed when it is applied to a setting.
struct SettingValue {
    std::string text;
    SourcePlace place;
};

/// One axis: a name and its values; a zip axis sets several names per value.
struct Axis {
    std::vector<std::string> names;                 ///< one name, or all names of a zip axis
    std::vector<std::vector<SettingValue>> values;  ///< [value][name]
    SourcePlace place;
};

struct Match {
    /// All must match; a key matches when its value is one of those listed.
    std::vector<std::pair<std::string, std::vector<SettingValue>>> keys;
    SourcePlace place;
};
struct Override {
    Match match;
    std::vector<std::pair<std::string, SettingValue>> set;
};

/// `auto`, `on` or `off`, per exact shortcut.
enum class ShortcutChoice { automatic, on, off };
struct ShortcutSettings {
    ShortcutChoice vocabulary = ShortcutChoice::automatic;
    ShortcutChoice label_position = ShortcutChoice::automatic;
    ShortcutChoice shared_prefix = ShortcutChoice::automatic;
};
struct FaultSettings {
    std::int64_t max_attempts = 3;
    std::int64_t checkpoint_every_s = 600;
    std::int64_t worker_silence_s = 60;
    std::int64_t stuck_after_s = 600;
};
struct RunSettings {
    std::optional<std::int64_t> workers;  ///< nullopt: auto
};

/// Every part of a configuration that settings write to.
struct SettingTarget {
    TrainingSettings training;
    ResourceSettings resources;
    RunSettings run;
    ShortcutSettings shortcuts;
    FaultSettings faults;
};

/// A sweep file, typed and checked as far as that is possible without looking at models and data.
struct SweepConfig : SettingTarget {
    std::string name;
    SourcePlace place;
    std::map<std::string, std::pair<ModelRef, SourcePlace>> models;      ///< path resolved and absolute; fingerprint empty
    std::map<std::string, std::pair<DatasetRef, SourcePlace>> datasets;  ///< paths resolved and absolute; fingerprint empty
    std::vector<Axis> axes;                                              ///< in file order
    std::vector<Match> exclude;
    std::vector<Override> overrides;
    std::map<std::string, SourcePlace> setting_places;  ///< where `training`, `resources`, … set a setting; absent: its default holds
};

/// Reads a sweep file. Throws ConfigError (file:line:column, reason, nearest valid name).
[[nodiscard]] SweepConfig load_sweep(const std::string& path);

/// The axes that every trial has: model, dataset, mode, layers, seed.
[[nodiscard]] const std::vector<std::string>& trial_axes();

/// Applies one training or resource setting by name to a trial ("learning_rate", "batch", "gang", …). Throws ConfigError at the place.
/// Returns false where no setting has that name.
bool apply_setting(Trial& trial, const std::string& name, const SettingValue& value);
/// The value that the trial has for a training or resource setting, in the one spelling that reports use. nullopt: no such setting.
[[nodiscard]] std::optional<std::string> printed_setting(const Trial& trial, const std::string& name);
/// Names of all training and resource settings that a trial has, in the order of the reference.
[[nodiscard]] std::vector<std::string> trial_setting_names();

/// The configuration as a sweep file that gives the same trials: all defaults spelled out, variables and paths resolved.
[[nodiscard]] std::string resolved_yaml(const SweepConfig& config);

}  // namespace layersweep
