#pragma once

#include <string>

namespace layersweep {

/// The text of docs/configuration.md, made from the table of settings.
[[nodiscard]] std::string configuration_reference();

}  // namespace layersweep
