#pragma once

#include <string>
#include <utility>
#include <vector>

namespace layersweep {

/// XXH3-128 of a file's content. Remembered by (path, size, mtime, inode) in the user's cache folder ($XDG_CACHE_HOME/layersweep or
/// ~/.cache/layersweep), so that a large checkpoint is read once; a cache that cannot be written is no error.
[[nodiscard]] std::string file_fingerprint(const std::string& path);

/// One fingerprint for several files: over (role name, content) in the given order; paths do not enter.
[[nodiscard]] std::string fingerprint_of(const std::vector<std::pair<std::string, std::string>>& role_and_path,
                                         const std::string& extra = {});

}  // namespace layersweep
