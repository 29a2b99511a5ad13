#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "protocol/trial.hpp"

namespace layersweep {

/// What a worker computes on: some threads of the CPU, or one GPU. Opened once per worker, in the thread that trains.
class WorkerDevice {
public:
    /// `wanted` automatic: a GPU where one is seen, else the CPU. `local_worker`: number among the workers of this node, which picks the
    /// GPU. Sets threads, deterministic algorithms and flushing of denormals. Throws ConfigError where `wanted` cannot be had: nothing
    /// falls back silently.
    static WorkerDevice open(Device wanted, int local_worker, std::int64_t threads);

    [[nodiscard]] c10::Device torch_device() const { return device_; }
    [[nodiscard]] const std::string& name() const { return name_; }                    ///< "cpu", "cuda:0 NVIDIA …"
    [[nodiscard]] const std::string& machine_class() const { return machine_class_; }  ///< "x86-64 amx-bf16", GPU name and driver
    /// Peak resident memory of the process (CPU), or peak of the device's allocator.
    [[nodiscard]] std::int64_t peak_memory_bytes() const;
    /// Threads of the CPU for the trials that follow; nothing on a GPU.
    void use_threads(std::int64_t threads);

private:
    WorkerDevice(c10::Device device, std::string name, std::string machine_class)
        : device_(device), name_(std::move(name)), machine_class_(std::move(machine_class)) {}
    static WorkerDevice open_cpu(std::int64_t threads);
    static WorkerDevice open_cuda(int local_worker);

    c10::Device device_;
    std::string name_, machine_class_;
};

}  // namespace layersweep
