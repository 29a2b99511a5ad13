#pragma once

#include <string>

namespace layersweep {

/// The bytes of a sweep file after the checks that need no YAML: a regular file of sensible size, UTF-8 without control characters, no
/// tabs as indentation, not blank. Throws ConfigError. A byte order mark is removed.
[[nodiscard]] std::string read_source_text(const std::string& path);

}  // namespace layersweep
