#pragma once

#include <string>

namespace layersweep {

/// The bytes of a file. Throws ConfigError where it is missing, is no file, or cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace layersweep
