#include "worker/device/announced_gpus.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

namespace layersweep {

std::int64_t announced_gpus() {
    std::int64_t count = 0;
    if (const char* listed = std::getenv("CUDA_VISIBLE_DEVICES")) {
        std::stringstream list(listed);
        for (std::string id; std::getline(list, id, ',');) count += !id.empty() && id != "-1" && id != "NoDevFiles";
        return count;
    }
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", absent)) count += entry.is_directory();
    return count;
}

}  // namespace layersweep
