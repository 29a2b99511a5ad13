#include "cli/plugin.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "protocol/errors.hpp"

namespace layersweep {

const WorkerPlugin& open_worker_plugin() {
    const auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "liblayersweep_worker.so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open until the process ends
    if (!library) throw MachineError(std::string("the worker's library cannot be opened: ") + dlerror());
    const auto entry = reinterpret_cast<WorkerPluginEntry>(dlsym(library, worker_plugin_symbol));
    if (!entry) throw MachineError(path.string() + " is not a worker library of this version");
    return *entry();
}

}  // namespace layersweep
