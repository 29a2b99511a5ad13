#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace layersweep {

/// A file that only grows.
class AppendFile {
public:
    virtual ~AppendFile() = default;
    /// Bytes taken, perhaps fewer than offered, or minus errno.
    [[nodiscard]] virtual std::int64_t write(std::string_view bytes) = 0;
    /// 0 when all that was written is on the disk, under the file's name, or errno.
    [[nodiscard]] virtual int sync() = 0;
    [[nodiscard]] virtual std::string name() const = 0;  ///< for messages
};

}  // namespace layersweep
