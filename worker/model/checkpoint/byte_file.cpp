#include "worker/model/checkpoint/byte_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {

ByteFile::ByteFile(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) throw ConfigError(path_, "cannot be opened", std::strerror(errno), "check the model's folder");
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor_);
        throw ConfigError(path_, "is not a regular file", "weights are read by position", "check the model's folder");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
}

ByteFile::~ByteFile() {
    ::close(descriptor_);
}

void ByteFile::read(std::uint64_t offset, std::span<std::byte> out) const {
    if (read_some(offset, out) < out.size()) {
        throw ConfigError(path_, fmt::format("ends before byte {}", offset + out.size()), "the file is truncated",
                          "download the model again");
    }
}

std::size_t ByteFile::read_some(std::uint64_t offset, std::span<std::byte> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw MachineError(fmt::format("{}: cannot be read: {}", path_, std::strerror(errno)));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
        bytes_read_ += static_cast<std::uint64_t>(got);
    }
    return done;
}

}  // namespace layersweep
