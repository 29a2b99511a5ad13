#include "protocol/errors.hpp"
#include "worker/device/gpus.hpp"

namespace layersweep {

bool built_with_cuda() {
    return false;
}

int visible_gpus() {
    return 0;
}

DeviceFacts open_gpu(int /*index*/) {
    fail_check("a GPU", __FILE__, __LINE__, "a GPU wanted of a build without CUDA");
}

void reset_peak_gpu_memory(int /*index*/) {}

std::int64_t peak_gpu_memory_bytes(int /*index*/) {
    fail_check("a GPU", __FILE__, __LINE__, "a GPU wanted of a build without CUDA");
}

void release_gpu_memory() {
    fail_check("a GPU", __FILE__, __LINE__, "a GPU wanted of a build without CUDA");
}

bool gpu_has_tf32(int /*index*/) {
    fail_check("a GPU", __FILE__, __LINE__, "a GPU wanted of a build without CUDA");
}

std::size_t free_gpu_memory_bytes(int /*index*/) {
    fail_check("a GPU", __FILE__, __LINE__, "a GPU wanted of a build without CUDA");
}

}  // namespace layersweep
