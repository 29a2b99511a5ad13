#pragma once

#include <string>

namespace layersweep {

/// The shortest decimal that reads back as the same double (std::to_chars), as keys, tables and configurations print numbers.
[[nodiscard]] std::string shortest(double value);

}  // namespace layersweep
