#include "protocol/errors.hpp"
#include "worker/device/device.hpp"
#include "worker/device/gpus.hpp"

namespace layersweep {

namespace gpu {

bool built_in() { return false; }
int visible() { return 0; }
std::int64_t peak_memory_bytes(int) { return 0; }

}  // namespace gpu

WorkerDevice WorkerDevice::open_cuda(int) { fail_check("a GPU", __FILE__, __LINE__, "a GPU in a build without CUDA"); }

}  // namespace layersweep
