#pragma once

#include <filesystem>
#include <optional>

namespace layersweep {

/// Where what can be found out again is remembered between runs: $XDG_CACHE_HOME/layersweep, else ~/.cache/layersweep; nullopt where
/// neither variable is set. It need not exist.
[[nodiscard]] std::optional<std::filesystem::path> cache_folder();

}  // namespace layersweep
