#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/device/device.hpp"

namespace layersweep {

[[nodiscard]] bool built_with_cuda();
/// GPUs that CUDA shows to this process; 0 in a build without CUDA.
[[nodiscard]] int visible_gpus();
/// Makes this GPU (from 0) the one of the calling thread. Throws MachineError where it cannot be used.
[[nodiscard]] DeviceFacts open_gpu(int index);
/// Most memory that LibTorch's allocator has handed out at once on this GPU.
[[nodiscard]] std::int64_t peak_gpu_memory_bytes(int index);
void reset_peak_gpu_memory(int index);
/// What LibTorch's allocator keeps for later.
void release_gpu_memory();
/// TF32 came with compute capability 8.0.
[[nodiscard]] bool gpu_has_tf32(int index);
/// Memory that no process holds on this GPU.
[[nodiscard]] std::size_t free_gpu_memory_bytes(int index);

}  // namespace layersweep
