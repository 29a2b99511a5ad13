#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace layersweep {

/// Parses an object from a file that is not trusted: malformed text, a repeated key and deep nesting are ConfigErrors that name `path`.
[[nodiscard]] nlohmann::json parse_strict_json(const std::string& path, const std::string& text);

}  // namespace layersweep
