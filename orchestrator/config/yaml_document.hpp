#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"

namespace layersweep {

struct YamlEntry;

/// One node of a YAML document with all aliases expanded; scalars stay text.
struct YamlNode {
    enum class Kind { null, scalar, sequence, map };
    Kind kind = Kind::null;
    std::string text;                ///< scalars
    std::vector<YamlNode> items;     ///< sequences
    std::vector<YamlEntry> entries;  ///< maps, in file order, keys unique
    SourcePlace place;
    std::size_t size = 1;   ///< nodes in this tree
    std::size_t depth = 1;  ///< levels of this tree
};

/// One key of a map with its value.
struct YamlEntry {
    std::string key;
    SourcePlace place;
    YamlNode value;
};

/// Parses one YAML document. Throws ConfigError for bad syntax, duplicate keys, runaway aliases and a second document; `path` only names
/// the source.
[[nodiscard]] YamlNode parse_yaml(const std::string& path, const std::string& text);

}  // namespace layersweep
