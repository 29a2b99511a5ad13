#pragma once

#include <string>
#include <vector>

#include "orchestrator/config/yaml_document.hpp"

namespace layersweep {

/// A map node seen as a section with known keys. Refers to the node; `what` names it in errors ("models.gpt2-xl").
class YamlMap {
public:
    /// Throws ConfigError where the node is no map; an empty node counts as an empty map.
    YamlMap(const YamlNode& node, std::string what);

    /// Throws ConfigError with the nearest known name for the first key that is not among `known`.
    void allow_only(const std::vector<std::string>& known) const;
    [[nodiscard]] const YamlNode* find(const std::string& key) const;
    [[nodiscard]] const YamlNode& require(const std::string& key, const std::string& why) const;
    [[nodiscard]] const std::vector<YamlEntry>& entries() const { return node_.entries; }
    [[nodiscard]] std::string name_of(const std::string& key) const { return what_.empty() ? key : what_ + "." + key; }

private:
    const YamlNode& node_;
    std::string what_;
};

/// The scalar's text as written. Throws ConfigError for lists, maps and nothing.
[[nodiscard]] std::string literal_text(const YamlNode& node, const std::string& what);
/// The scalar's text with ${…} replaced.
[[nodiscard]] std::string text_of(const YamlNode& node, const std::string& what);
/// A setting's value: a scalar, or a list of scalars as "[a, b]"; ${…} replaced.
[[nodiscard]] SettingValue setting_value(const YamlNode& node, const std::string& what);
/// One or more values: a list, or a single value that stands for a list of one. Throws ConfigError for an empty list.
[[nodiscard]] std::vector<SettingValue> setting_values(const YamlNode& node, const std::string& what);
/// The items of a list; none for an empty node. Throws ConfigError for anything else.
[[nodiscard]] const std::vector<YamlNode>& items_of(const YamlNode& node, const std::string& what);

}  // namespace layersweep
