#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace layersweep {

enum class Durability {
    cached,  ///< for what can be made again
    synced,  ///< on the disk, name included, when the call returns
};

/// A file that is written beside `target` and then takes its place in one step; gone again where it never does. Every writer has a name of
/// its own: "<target>.aside-<pid>-<number>". All calls throw StorageError.
class AsideFile {
public:
    explicit AsideFile(const std::filesystem::path& target);
    ~AsideFile();
    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;

    void write(std::string_view text);
    void write(std::span<const std::byte> bytes);
    void sync();
    /// So many bytes will come: fails at once where they find no room, as far as the file system can tell.
    void reserve(std::uint64_t bytes);
    void take_place(Durability durability);

private:
    std::filesystem::path target_, path_;
    int descriptor_ = -1;
    std::uint64_t unsynced_ = 0;
};

/// Whether it is named like what an AsideFile of some process writes.
[[nodiscard]] bool is_aside(const std::filesystem::path& path);

/// Removes the files right in `folder` that `goes` names; what cannot be removed only takes room.
void remove_files(const std::filesystem::path& folder, const std::function<bool(const std::filesystem::path&)>& goes);

/// Gives `path` this content in one step. Throws StorageError; nothing is left beside it then.
void replace_file(const std::filesystem::path& path, std::string_view text, Durability durability = Durability::cached);

/// The folder's entries are on the disk when it returns; where it cannot be read or synced, that is the system's to do. Throws
/// StorageError.
void sync_folder(const std::filesystem::path& folder);
/// With those above it; no error where it is there. Throws StorageError.
void make_folder(const std::filesystem::path& folder);

}  // namespace layersweep
