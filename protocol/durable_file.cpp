#include "protocol/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "protocol/errors.hpp"
#include "protocol/repeat_interrupted.hpp"

namespace layersweep {
namespace {

constexpr std::string_view aside_mark = ".aside-";

/// A slow disk shows in many short syncs instead of one of minutes, during which its writer would seem to be stuck.
constexpr std::uint64_t most_unsynced = std::uint64_t{256} << 20;

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path, int error) {
    throw StorageError(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(error)));
}

}  // namespace

AsideFile::AsideFile(const std::filesystem::path& target) : target_(target) {
    for (int i = 0; descriptor_ < 0; ++i) {
        path_ = fmt::format("{}{}{}-{}", target.string(), aside_mark, ::getpid(), i);
        descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0 && errno != EEXIST) fail("create", path_, errno);
    }
}

AsideFile::~AsideFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!path_.empty()) ::unlink(path_.c_str());
}

void AsideFile::write(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path_, errno);
        text.remove_prefix(static_cast<std::size_t>(written));
        unsynced_ += static_cast<std::uint64_t>(written);
    }
    if (unsynced_ >= most_unsynced) sync();
}

void AsideFile::write(std::span<const std::byte> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AsideFile::reserve(std::uint64_t bytes) {
    const auto take = [&] { return ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)); };
    if (repeat_interrupted(take) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) fail("make room for", path_, errno);
}

void AsideFile::sync() {
    unsynced_ = 0;
    if (repeat_interrupted([&] { return ::fsync(descriptor_); }) != 0) fail("sync", path_, errno);
}

void AsideFile::take_place(Durability durability) {
    if (durability == Durability::synced) sync();
    // Network file systems report a full disk only here.
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("close", path_, errno);
    if (std::rename(path_.c_str(), target_.c_str()) != 0) fail("rename to", target_, errno);
    path_.clear();
    if (durability == Durability::synced) sync_folder(target_.parent_path());
}

void replace_file(const std::filesystem::path& path, std::string_view text, Durability durability) {
    AsideFile file(path);
    file.write(text);
    file.take_place(durability);
}

bool is_aside(const std::filesystem::path& path) {
    return path.filename().string().find(aside_mark) != std::string::npos;
}

void remove_files(const std::filesystem::path& folder, const std::function<bool(const std::filesystem::path&)>& goes) {
    namespace fs = std::filesystem;
    std::error_code error, stays;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (goes(entry->path())) fs::remove(entry->path(), stays);
}

void sync_folder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 && errno == EACCES) return;  // it may be written and not read
    if (descriptor < 0) fail("open the folder", folder, errno);
    const int failed = repeat_interrupted([&] { return ::fsync(descriptor); }) == 0 ? 0 : errno;
    ::close(descriptor);
    if (failed != 0 && failed != EINVAL && failed != ENOTSUP) fail("sync the folder", folder, failed);
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw StorageError("cannot make the folder " + folder.string() + ": " + error.message());
}

}  // namespace layersweep
