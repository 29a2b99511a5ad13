#pragma once

#include <string>

#include "orchestrator/config/sweep_config.hpp"

namespace layersweep {

/// Replaces ${NAME} by the environment's value and ${NAME:-default} by the default where NAME is unset or empty; "$${" stands for a plain
/// "${". The values are not looked into again. Throws ConfigError that names an unset variable.
[[nodiscard]] std::string expand_variables(const std::string& text, const SourcePlace& place);

/// The text that `expand_variables` turns into `text`.
[[nodiscard]] std::string protect_variables(const std::string& text);

}  // namespace layersweep
