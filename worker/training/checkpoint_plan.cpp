#include "worker/training/checkpoint_plan.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "protocol/errors.hpp"

namespace layersweep {

std::uint64_t free_bytes(const std::string& folder) {
    struct statvfs disk {};
    if (::statvfs(folder.c_str(), &disk) != 0)
        throw MachineError(fmt::format("the room in {} is not known: {}", folder, std::strerror(errno)));
    return std::uint64_t(disk.f_bavail) * disk.f_frsize;
}

}  // namespace layersweep
