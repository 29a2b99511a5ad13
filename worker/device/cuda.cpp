#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>

#include "protocol/errors.hpp"
#include "worker/device/device.hpp"
#include "worker/device/gpus.hpp"

namespace layersweep {

namespace gpu {

bool built_in() { return true; }

int visible() {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::int64_t peak_memory_bytes(int index) {
    return c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index)).allocated_bytes[0].peak;
}

}  // namespace gpu

WorkerDevice WorkerDevice::open_cuda(int local_worker) {
    if (local_worker >= gpu::visible())
        throw ConfigError("resources.device", "worker " + std::to_string(local_worker) + " of this node has no GPU",
                          std::to_string(gpu::visible()) + " are visible", "start one worker per GPU");
    // cuBLAS is deterministic only with a fixed workspace; read when its first handle is made.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
    c10::cuda::set_device(static_cast<c10::DeviceIndex>(local_worker));
    cudaDeviceProp properties{};
    int driver = 0;
    if (cudaGetDeviceProperties(&properties, local_worker) != cudaSuccess || cudaDriverGetVersion(&driver) != cudaSuccess)
        throw MachineError("GPU " + std::to_string(local_worker) + " does not answer");
    const std::string name = properties.name;
    return {c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(local_worker)), "cuda:" + std::to_string(local_worker) + " " + name,
            name + ", CUDA driver " + std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10)};
}

}  // namespace layersweep
