#include "orchestrator/config/yaml_map.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "orchestrator/config/suggestion.hpp"
#include "orchestrator/config/variables.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
namespace {

std::string kind_name(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            return "nothing";
        case YamlNode::Kind::scalar:
            return fmt::format("the value '{}'", node.text.substr(0, 40));
        case YamlNode::Kind::sequence:
            return "a list";
        case YamlNode::Kind::map:
            return "a map";
    }
    return {};
}

ConfigError wrong_kind(const YamlNode& node, const std::string& what, const std::string& wanted, const std::string& example) {
    return {node.place.text(), fmt::format("{} is {}", what, kind_name(node)), fmt::format("it has to be {}", wanted), example};
}

}  // namespace

YamlMap::YamlMap(const YamlNode& node, std::string what) : node_(node), what_(std::move(what)) {
    if (node.kind == YamlNode::Kind::map || node.kind == YamlNode::Kind::null) return;
    throw wrong_kind(node, what_.empty() ? "the sweep file" : what_, "a map", "write it as 'key: value' lines, or { key: value }");
}

void YamlMap::allow_only(const std::vector<std::string>& known) const {
    for (const auto& entry : node_.entries) {
        if (std::ranges::find(known, entry.key) != known.end()) continue;
        const std::string where = what_.empty() ? "a sweep file" : what_;
        const std::string why = entry.key == "<<" ? "YAML's merge keys are not supported" : fmt::format("{} has no such key", where);
        throw ConfigError(entry.place.text(), fmt::format("unknown key '{}'", entry.key), why, suggestion(entry.key, known));
    }
}

const YamlNode* YamlMap::find(const std::string& key) const {
    const auto found = std::ranges::find(node_.entries, key, &YamlEntry::key);
    return found == node_.entries.end() ? nullptr : &found->value;
}

const YamlNode& YamlMap::require(const std::string& key, const std::string& why) const {
    if (const YamlNode* found = find(key)) return *found;
    throw ConfigError(node_.place.text(), fmt::format("'{}' is missing", name_of(key)), why, fmt::format("add '{}:'", key));
}

std::string literal_text(const YamlNode& node, const std::string& what) {
    if (node.kind == YamlNode::Kind::scalar) return node.text;
    throw wrong_kind(node, what, "one value", "write one value (the words null and ~ between double quotes, if they are meant)");
}

std::string text_of(const YamlNode& node, const std::string& what) {
    return expand_variables(literal_text(node, what), node.place);
}

SettingValue setting_value(const YamlNode& node, const std::string& what) {
    if (node.kind != YamlNode::Kind::sequence) return {text_of(node, what), node.place};
    std::string text;
    for (const auto& item : node.items) text += (text.empty() ? "" : ", ") + text_of(item, what);
    return {"[" + text + "]", node.place};
}

std::vector<SettingValue> setting_values(const YamlNode& node, const std::string& what) {
    if (node.kind != YamlNode::Kind::sequence) return {{text_of(node, what), node.place}};
    if (node.items.empty()) {
        throw ConfigError(node.place.text(), fmt::format("{} is an empty list", what), "no value can be taken from it",
                          "list at least one value, or remove the key");
    }
    std::vector<SettingValue> values;
    for (const auto& item : node.items) values.push_back(setting_value(item, what));
    return values;
}

const std::vector<YamlNode>& items_of(const YamlNode& node, const std::string& what) {
    if (node.kind == YamlNode::Kind::sequence || node.kind == YamlNode::Kind::null) return node.items;
    throw wrong_kind(node, what, "a list", "begin each of its entries with '- '");
}

}  // namespace layersweep
