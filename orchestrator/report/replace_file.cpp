#include "orchestrator/report/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path, int error) {
    throw MachineError(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

/// An open file that is removed again unless it was renamed into place.
class AsideFile {
public:
    explicit AsideFile(const std::string& target) : target_(target) {
        // Another process may be writing the same report: every writer has a name of its own.
        for (int i = 0; fd_ < 0; ++i) {
            path_ = fmt::format("{}.aside-{}-{}", target, ::getpid(), i);
            fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (fd_ < 0 && errno != EEXIST) fail("create", path_, errno);
        }
    }
    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;
    ~AsideFile() {
        if (fd_ >= 0) ::close(fd_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    void write(std::string_view text) {
        while (!text.empty()) {
            const auto written = ::write(fd_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail("write", path_, errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void sync() {
        if (::fsync(fd_) != 0) fail("sync", path_, errno);
    }
    void rename_into_place() {
        // Network file systems report a full disk only here.
        const int closed = ::close(fd_);
        fd_ = -1;
        if (closed != 0) fail("close", path_, errno);
        if (std::rename(path_.c_str(), target_.c_str()) != 0) fail("rename to", target_, errno);
        path_.clear();
    }

private:
    std::string target_, path_;
    int fd_ = -1;
};

void sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail("open", folder, errno);
    const int synced = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    if (synced != 0) fail("sync", folder, error);
}

}  // namespace

void replace_file(const std::string& path, std::string_view text, Durability durability) {
    AsideFile file(path);
    file.write(text);
    if (durability == Durability::synced) file.sync();
    file.rename_into_place();
    if (durability == Durability::cached) return;
    const auto folder = std::filesystem::path(path).parent_path().string();
    sync_folder(folder.empty() ? "." : folder);
}

}  // namespace layersweep
