#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "protocol/errors.hpp"
#include "worker/device/gpus.hpp"
#include "worker/device/machine_class.hpp"

namespace layersweep {
namespace {

std::string name_of_gpu(int index) {
    cudaDeviceProp properties{};
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
    return properties.name;
}

std::string driver() {
    std::ifstream file("/proc/driver/nvidia/version");
    return nvidia_driver_version({std::istreambuf_iterator<char>(file), {}});
}

}  // namespace

bool built_with_cuda() {
    return true;
}

int visible_gpus() {
    return c10::cuda::device_count();
}

DeviceFacts open_gpu(int index) {
    // cuBLAS reads it when it starts; without it LibTorch refuses its products under deterministic algorithms.
    ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    try {
        c10::cuda::set_device(static_cast<c10::DeviceIndex>(index));
        at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);  // the allocator answers for its statistics from here on
        const auto name = name_of_gpu(index);
        return {.torch_device = c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)),
                .name = "cuda:" + std::to_string(index) + " " + name,
                .machine_class = name + ", driver " + driver()};
    } catch (const c10::Error& error) {
        throw MachineError("GPU " + std::to_string(index) + " cannot be used: " + error.what_without_backtrace());
    }
}

void reset_peak_gpu_memory(int index) {
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
}

std::int64_t peak_gpu_memory_bytes(int index) {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    return stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

void release_gpu_memory() {
    c10::cuda::CUDACachingAllocator::emptyCache();
}

bool gpu_has_tf32(int index) {
    int major = 0;
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
    return major >= 8;
}

std::size_t free_gpu_memory_bytes(int index) {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    std::size_t free = 0, all = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &all));
    return free;
}

}  // namespace layersweep
