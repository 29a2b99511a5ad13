#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "protocol/trial.hpp"

namespace layersweep {

/// What a worker tells of the device that it opened.
struct DeviceFacts {
    c10::Device torch_device;
    std::string name;           ///< "cpu" or "cuda:0 NVIDIA …"
    std::string machine_class;  ///< instruction sets, or GPU and driver
};

/// The device that one worker trains on, set up so that the same trial gives the same bits. Made once, in the thread that trains.
class WorkerDevice {
public:
    /// `automatic` is cuda where a GPU is seen, else the CPU. A worker takes the GPU of its number among the workers of its node
    /// (`local_worker`, from 0). `threads`: of CPU operators. Throws ConfigError where what is wanted is missing; nothing falls back.
    [[nodiscard]] static WorkerDevice open(Device wanted, int local_worker, std::int64_t threads);

    [[nodiscard]] c10::Device torch_device() const { return facts_.torch_device; }
    [[nodiscard]] const std::string& name() const { return facts_.name; }
    /// What has to be equal for the bits of a result to be equal: "GenuineIntel amx avx512_bf16 avx512 avx2, threads 1", or GPU and driver.
    [[nodiscard]] std::string machine_class() const;
    /// What decides how fast it is; names the model too.
    [[nodiscard]] std::string speed_class() const;
    /// Resident (CPU, without what the pool keeps for later) or allocated (CUDA), since the last reset; where /proc does not let us reset
    /// it, since the process began.
    [[nodiscard]] std::int64_t peak_memory_bytes() const;
    /// The next peak counts from here: before each trial.
    void reset_peak_memory() const;
    /// What trials can spare of its memory for tensors that stay between them: a quarter of what is free on a GPU now; nothing on a CPU,
    /// whose page cache holds the files for all workers of the node.
    [[nodiscard]] std::size_t bytes_to_keep_warm() const;
    /// Gives back what no tensor uses any more.
    void release_memory() const;
    [[nodiscard]] bool has_tf32() const;
    /// Whether products of fp32 matrices may be computed in TF32, for the trials that follow. Throws ConfigError on a CPU, which has none.
    void use_tf32(bool use) const;
    /// Threads of CPU operators for the trials that follow.
    void use_threads(std::int64_t threads);

private:
    explicit WorkerDevice(DeviceFacts facts) : facts_(std::move(facts)) {}
    DeviceFacts facts_;
    std::int64_t threads_ = 1;
};

}  // namespace layersweep
