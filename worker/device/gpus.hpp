#pragma once

#include <cstdint>

namespace layersweep::gpu {

/// What of the device differs between builds with and without CUDA.
[[nodiscard]] bool built_in();
/// GPUs that the driver shows to this process; 0 without a driver.
[[nodiscard]] int visible();
[[nodiscard]] std::int64_t peak_memory_bytes(int index);

}  // namespace layersweep::gpu
