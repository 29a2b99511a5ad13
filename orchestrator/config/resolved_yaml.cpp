#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/config/sections.hpp"
#include "orchestrator/config/setting_table.hpp"
#include "orchestrator/config/variables.hpp"

namespace layersweep {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += std::iscntrl(static_cast<unsigned char>(c)) == 0 ? std::string(1, c) : fmt::format("\\x{:02x}", c);
        }
    }
    return out + "\"";
}

/// Plain where YAML reads it back as the same text, else between double quotes; a list setting's "[a, b]" stays a list.
std::string value(const std::string& text) {
    if (text.starts_with("[")) return text;
    constexpr std::array nulls{"null", "Null", "NULL"};
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '+' || c == '-'; };
    const bool safe = !text.empty() && text[0] != '-' && std::ranges::all_of(text, plain) && std::ranges::find(nulls, text) == nulls.end();
    return safe ? text : quoted(protect_variables(text));
}

std::string path_list(const std::vector<std::string>& paths) {
    std::vector<std::string> quoted_paths;
    for (const auto& path : paths) quoted_paths.push_back(quoted(protect_variables(path)));
    return fmt::format("[{}]", fmt::join(quoted_paths, ", "));
}

std::string value_list(const std::vector<SettingValue>& values) {
    std::vector<std::string> texts;
    for (const auto& one : values) texts.push_back(value(one.text));
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string generic_dataset(const DatasetRef& dataset) {
    std::string out = fmt::format("    train: {}\n    test: {}\n", path_list(dataset.train), path_list(dataset.test));
    if (!dataset.validation.empty()) out += fmt::format("    validation: {}\n", path_list(dataset.validation));
    out += fmt::format("    header: {}\n    text: {}\n    label: {}\n", dataset.header, quoted(dataset.text), quoted(dataset.label));
    out += "    classes:\n";
    for (const auto& label : dataset.classes) out += fmt::format("      {}: {}\n", quoted(label.value), quoted(label.word));
    return out + fmt::format("    template: {}\n", quoted(dataset.prompt_template));
}

std::string datasets(const SweepConfig& config) {
    std::string out = "datasets:\n";
    for (const auto& [name, entry] : config.datasets) {
        const DatasetRef& dataset = entry.first;
        const bool built_in = std::ranges::find(built_in_formats(), dataset.format) != built_in_formats().end();
        out += fmt::format("  {}:\n    format: {}\n", quoted(name), dataset.format);
        out += built_in ? fmt::format("    path: {}\n", quoted(protect_variables(dataset.folder))) : generic_dataset(dataset);
    }
    return out;
}

/// "{ a: 1, b: 2 }" for one value of a zip axis.
std::string zip_value(const Axis& axis, const std::vector<SettingValue>& values) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < values.size(); ++i) parts.push_back(fmt::format("{}: {}", axis.names[i], value(values[i].text)));
    return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

/// A zip axis of a single name is written as a plain axis: the product is the same.
std::string grid(const SweepConfig& config) {
    std::string out = "grid:\n";
    for (const auto& axis : config.axes) {
        if (axis.names.size() > 1) {
            out += "  zip:\n";
            for (const auto& values : axis.values) out += fmt::format("    - {}\n", zip_value(axis, values));
            continue;
        }
        std::vector<SettingValue> values;
        for (const auto& one : axis.values) values.push_back(one[0]);
        out += fmt::format("  {}: {}\n", axis.names[0], value_list(values));
    }
    return out;
}

std::string match(const Match& match) {
    std::vector<std::string> parts;
    for (const auto& [name, values] : match.keys) parts.push_back(fmt::format("{}: {}", name, value_list(values)));
    return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

std::string rules(const SweepConfig& config) {
    std::string out;
    if (!config.exclude.empty()) out += "exclude:\n";
    for (const auto& entry : config.exclude) out += fmt::format("  - {}\n", match(entry));
    if (!config.overrides.empty()) out += "override:\n";
    for (const auto& entry : config.overrides) {
        std::vector<std::string> set;
        for (const auto& [name, one] : entry.set) set.push_back(fmt::format("{}: {}", name, value(one.text)));
        out += fmt::format("  - match: {}\n    set: {{ {} }}\n", match(entry.match), fmt::join(set, ", "));
    }
    return out;
}

std::string settings(const SweepConfig& config) {
    std::string out;
    for (const auto& section : setting_sections()) {
        out += section + ":\n";
        for (const auto& setting : setting_table()) {
            if (setting.section == section) out += fmt::format("  {}: {}\n", setting.name, value(setting.print(config)));
        }
    }
    return out;
}

}  // namespace

std::string resolved_yaml(const SweepConfig& config) {
    std::string out = fmt::format("sweep: {}\nmodels:\n", quoted(config.name));
    for (const auto& [name, entry] : config.models) {
        out += fmt::format("  {}: {{ path: {} }}\n", quoted(name), quoted(protect_variables(entry.first.path)));
    }
    return out + datasets(config) + grid(config) + rules(config) + settings(config);
}

}  // namespace layersweep
