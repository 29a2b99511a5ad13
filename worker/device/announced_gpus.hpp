#pragma once

#include <cstdint>

namespace layersweep {

/// GPUs that this process seems to be meant to use, without asking CUDA: those that CUDA_VISIBLE_DEVICES lists, else all that the
/// driver shows.
[[nodiscard]] std::int64_t announced_gpus();

}  // namespace layersweep
