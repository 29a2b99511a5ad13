#pragma once

#include <filesystem>
#include <optional>

namespace layersweep {

/// Where what can be found out again is remembered between runs: $XDG_CACHE_HOME/layersweep where that is an absolute path, else
/// ~/.cache/layersweep; nullopt where neither variable says. It need not exist.
[[nodiscard]] std::optional<std::filesystem::path> cache_folder();

}  // namespace layersweep
