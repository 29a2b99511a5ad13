#include "worker/device/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <fstream>
#include <iterator>

#include "protocol/errors.hpp"
#include "worker/device/announced_gpus.hpp"
#include "worker/device/gpus.hpp"
#include "worker/device/machine_class.hpp"
#include "worker/device/memory_pool.hpp"

namespace layersweep {
namespace {

std::string text_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

DeviceFacts cpu_facts() {
    return {c10::Device(c10::DeviceType::CPU), "cpu", cpu_machine_class(text_of("/proc/cpuinfo"))};
}

void make_arithmetic_repeatable() {
    // Before the first parallel operator: the threads of its pool inherit this thread's setting.
    at::globalContext().setFlushDenormal(true);
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    // Nothing here reads memory before it is written; filling it first would only cost time.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
}

[[noreturn]] void refuse_missing_gpu(const std::string& what) {
    if (built_with_cuda()) {
        throw ConfigError("resources.device", what, "CUDA shows no GPU to this process",
                          "check nvidia-smi and CUDA_VISIBLE_DEVICES on this node, or say device: cpu");
    }
    throw ConfigError("resources.device", what, "this program was built without CUDA", "build the preset cuda, or say device: cpu");
}

int gpu_of(int local_worker, int gpus) {
    if (local_worker < gpus) return local_worker;
    throw ConfigError("resources.device", "worker " + std::to_string(local_worker) + " of this node (from 0) has no GPU",
                      "a worker takes the GPU of its number, and this process sees " + std::to_string(gpus),
                      "start one worker per GPU on each node, and let every rank see all GPUs of its node");
}

}  // namespace

bool WorkerDevice::has_tf32() const {
    return !torch_device().is_cpu() && gpu_has_tf32(torch_device().index());
}

void WorkerDevice::use_tf32(bool use) const {
    if (use && !has_tf32())
        throw ConfigError("training.precision", "tf32 is a format of GPUs from compute capability 8.0 on, and this worker has " + name(),
                          "nothing falls back silently", "use fp32 or bf16, or run where such a GPU is");
    at::globalContext().setAllowTF32CuBLAS(use);
}

WorkerDevice WorkerDevice::open(Device wanted, int local_worker, std::int64_t threads) {
    LAYERSWEEP_CHECK(local_worker >= 0, "only workers open a device");
    const int gpus = wanted == Device::cpu ? 0 : visible_gpus();
    if (gpus == 0 && wanted == Device::cuda) refuse_missing_gpu("cuda is asked for, but no GPU can be used");
    if (gpus == 0 && wanted == Device::automatic && announced_gpus() > 0) refuse_missing_gpu("a GPU seems to be here, but cannot be used");
    make_arithmetic_repeatable();
    if (gpus == 0) MemoryPool::install();
    WorkerDevice device(gpus == 0 ? cpu_facts() : open_gpu(gpu_of(local_worker, gpus)));
    device.use_threads(threads);
    return device;
}

std::string WorkerDevice::machine_class() const {
    return facts_.torch_device.is_cpu() ? cpu_worker_class(facts_.machine_class, threads_) : facts_.machine_class;
}

std::string WorkerDevice::speed_class() const {
    return facts_.torch_device.is_cpu() ? cpu_speed_class(text_of("/proc/cpuinfo"), threads_) : facts_.name + ", " + facts_.machine_class;
}

std::int64_t WorkerDevice::peak_memory_bytes() const {
    if (facts_.torch_device.is_cpu())
        return peak_resident_bytes(text_of("/proc/self/status")) - std::int64_t(MemoryPool::the_one().kept_at_peak());
    return peak_gpu_memory_bytes(facts_.torch_device.index());
}

void WorkerDevice::reset_peak_memory() const {
    if (facts_.torch_device.is_cpu()) {
        std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM; where it may not be written, the peak stays the process's
        MemoryPool::the_one().begin_peak();
    } else {
        reset_peak_gpu_memory(facts_.torch_device.index());
    }
}

void WorkerDevice::release_memory() const {
    if (torch_device().is_cpu())
        MemoryPool::the_one().release();
    else
        release_gpu_memory();
}

std::size_t WorkerDevice::bytes_to_keep_warm() const {
    return facts_.torch_device.is_cpu() ? 0 : free_gpu_memory_bytes(facts_.torch_device.index()) / 4;
}

void WorkerDevice::use_threads(std::int64_t threads) {
    LAYERSWEEP_CHECK(threads >= 1, "an operator runs on one thread at least");
    at::set_num_threads(static_cast<int>(threads));  // MKL's too; ends MKL's own choice of fewer
    threads_ = threads;
}

}  // namespace layersweep
