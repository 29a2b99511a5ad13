#pragma once

#include <string>
#include <string_view>

namespace layersweep {

/// The bytes of a file. Throws ConfigError where it is missing, is no file, or cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// Takes the first line off `rest`, without its line feed or carriage return and line feed.
[[nodiscard]] std::string_view next_line(std::string_view& rest);

}  // namespace layersweep
