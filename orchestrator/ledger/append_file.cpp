#include "orchestrator/ledger/append_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "protocol/durable_file.hpp"
#include "protocol/errors.hpp"

namespace layersweep {
ExclusiveFile::ExclusiveFile(std::filesystem::path path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor_ < 0 && errno == EEXIST)
        throw ConfigError(path_.string(), "another process began the same life of this sweep in this moment",
                          "two coordinators would run the same trials", "let the other one run, or stop it and run the same command again");
    if (descriptor_ < 0) throw MachineError("cannot create " + path_.string() + ": " + std::strerror(errno));
    try {
        sync_folder(path_.parent_path());
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

ExclusiveFile::~ExclusiveFile() {
    ::close(descriptor_);
}

std::int64_t ExclusiveFile::write(std::string_view bytes) {
    const ssize_t taken = ::write(descriptor_, bytes.data(), bytes.size());
    return taken >= 0 ? taken : -std::int64_t{errno};
}

int ExclusiveFile::sync() {
    return ::fdatasync(descriptor_) == 0 ? 0 : errno;
}

}  // namespace layersweep
