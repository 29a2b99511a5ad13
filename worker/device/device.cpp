#include "worker/device/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "protocol/errors.hpp"
#include "worker/device/gpus.hpp"

namespace layersweep {

namespace {

/// A GPU that this process could be meant to use, seen without any driver library.
bool gpu_is_announced() {
    const char* listed = std::getenv("CUDA_VISIBLE_DEVICES");
    if (listed) return *listed != '\0' && std::string(listed) != "-1";
    return std::ifstream("/proc/driver/nvidia/version").good();
}

/// The widest instruction set that changes LibTorch's kernels, and so the last bits of a result.
std::string instruction_set() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    std::string line;
    while (std::getline(cpuinfo, line) && line.rfind("flags", 0) != 0) {
    }
    line += ' ';
    for (const auto& [flag, name] : {std::pair{" amx_bf16 ", "amx-bf16"}, std::pair{" avx512_bf16 ", "avx512-bf16"},
                                     std::pair{" avx512f ", "avx512"}, std::pair{" avx2 ", "avx2"}})
        if (line.find(flag) != std::string::npos) return std::string("x86-64 ") + name;
    return "x86-64";
}

std::int64_t peak_resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string name; status >> name;) {
        std::int64_t kilobytes = 0;
        if (name == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
        status.ignore(1024, '\n');
    }
    return 0;
}

ConfigError missing(const std::string& what, const std::string& why, const std::string& what_to_do) {
    return {"resources.device", what, why, what_to_do};
}

}  // namespace

WorkerDevice WorkerDevice::open(Device wanted, int local_worker, std::int64_t threads) {
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    if (wanted == Device::cpu) return open_cpu(threads);
    if (gpu::built_in() && gpu::visible() > 0) return open_cuda(local_worker);
    if (wanted == Device::cuda)
        throw missing("cuda was asked for", gpu::built_in() ? "no GPU is visible to this process" : "this build has no CUDA",
                      gpu::built_in() ? "run where a GPU is, or say device: cpu" : "build the cuda preset (./dev build cuda), or say device: cpu");
    if (gpu_is_announced())
        throw missing("a GPU seems to be here and cannot be used", gpu::built_in() ? "its driver shows none" : "this build has no CUDA",
                      gpu::built_in() ? "repair the driver, or say device: cpu" : "build the cuda preset (./dev build cuda), or say device: cpu");
    return open_cpu(threads);
}

WorkerDevice WorkerDevice::open_cpu(std::int64_t threads) {
    WorkerDevice device(c10::Device(c10::kCPU), "cpu", instruction_set());
    at::globalContext().setFlushDenormal(true);
    device.use_threads(threads);
    return device;
}

void WorkerDevice::use_threads(std::int64_t threads) {
    if (device_.is_cpu() && at::get_num_threads() != threads) at::set_num_threads(int(threads));
}

std::int64_t WorkerDevice::peak_memory_bytes() const { return device_.is_cpu() ? peak_resident_bytes() : gpu::peak_memory_bytes(device_.index()); }

}  // namespace layersweep
