#pragma once

#include "worker/plugin.hpp"

namespace layersweep {

/// Opens the worker's shared library beside the program; throws MachineError with the loader's words where that fails.
[[nodiscard]] const WorkerPlugin& open_worker_plugin();

}  // namespace layersweep
