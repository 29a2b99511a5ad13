#pragma once

#include <string>
#include <vector>

#include "orchestrator/config/yaml_map.hpp"

/// The readers of a sweep file's sections; each throws ConfigError at the place of what is wrong.
namespace layersweep {

/// A name that people type in patterns and that becomes part of files and tables: letters, digits and . _ + -
[[nodiscard]] std::string short_name(const std::string& text, const SourcePlace& place, const std::string& what);
/// A path as the sweep file means it: absolute, relative ones from the file's folder, symbolic links followed.
[[nodiscard]] std::string resolved_path(const YamlNode& node, const std::string& what);

void read_models(const YamlNode& node, SweepConfig& config);
void read_datasets(const YamlNode& node, SweepConfig& config);
void read_grid(const YamlNode& node, SweepConfig& config);
/// Both need the axes.
void read_exclude(const YamlNode& node, SweepConfig& config);
void read_override(const YamlNode& node, SweepConfig& config);

/// The formats of `datasets` that know their own files, classes and template.
[[nodiscard]] const std::vector<std::string>& built_in_formats();

}  // namespace layersweep
