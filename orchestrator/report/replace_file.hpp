#pragma once

#include <string>
#include <string_view>

namespace layersweep {

enum class Durability {
    cached,  ///< for what can be made again
    synced,  ///< on the disk, name included, when the call returns
};

/// Gives `path` this content in one step: written beside it, then renamed over it. Throws MachineError; nothing is left beside it then.
void replace_file(const std::string& path, std::string_view text, Durability durability = Durability::cached);

}  // namespace layersweep
