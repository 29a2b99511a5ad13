#include "protocol/cache_folder.hpp"

#include <cstdlib>

namespace layersweep {

std::optional<std::filesystem::path> cache_folder() {
    // The XDG specification has paths that are not absolute ignored.
    if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/') return std::filesystem::path(xdg) / "layersweep";
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        return std::filesystem::path(home) / ".cache" / "layersweep";
    }
    return std::nullopt;
}

}  // namespace layersweep
