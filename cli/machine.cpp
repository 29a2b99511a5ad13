#include "cli/machine.hpp"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "protocol/number_bytes.hpp"
#include "worker/device/announced_gpus.hpp"
#include "worker/device/machine_class.hpp"
#include "worker/device/rates_file.hpp"

namespace layersweep {

namespace {

/// The process's own control group (version 2) and those above it, innermost first.
std::vector<std::filesystem::path> control_groups() {
    const std::filesystem::path root = "/sys/fs/cgroup";
    std::vector<std::filesystem::path> groups;
    std::ifstream own("/proc/self/cgroup");
    for (std::string line; std::getline(own, line);) {
        if (line.rfind("0::/", 0) != 0) continue;
        for (auto group = root / line.substr(4); group != root && group.has_relative_path(); group = group.parent_path())
            groups.push_back(group);
    }
    groups.push_back(root);
    return groups;
}

std::int64_t allowed_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::int64_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    for (const auto& group : control_groups()) {
        std::ifstream quota_file(group / "cpu.max");  // "max 100000" or "QUOTA PERIOD"
        std::string quota;
        double period = 0;
        if (quota_file >> quota >> period && quota != "max" && period > 0)
            cores = std::min(cores, std::max<std::int64_t>(1, std::int64_t(std::stod(quota) / period)));
    }
    return std::max<std::int64_t>(1, cores);
}

std::int64_t available_memory() {
    std::int64_t bytes = 0;
    std::ifstream meminfo("/proc/meminfo");
    for (std::string name, unit; meminfo >> name;) {
        std::int64_t kilobytes = 0;
        meminfo >> kilobytes;
        std::getline(meminfo, unit);
        if (name == "MemAvailable:") bytes = kilobytes * 1024;
    }
    for (const auto& group : control_groups()) {
        std::ifstream limit_file(group / "memory.max");
        std::string limit;
        if (limit_file >> limit && limit != "max") bytes = std::min<std::int64_t>(bytes, std::stoll(limit));
    }
    return bytes;
}

std::string cpuinfo() {
    std::ifstream file("/proc/cpuinfo");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

MachineLimits machine_limits() {
    return {allowed_cores(), available_memory(), announced_gpus()};
}

std::string host_class() {
    return cpu_machine_class(cpuinfo());
}

std::optional<MachineRates> rates_here(const ResourceSettings& resources) {
    const bool on_cpu = resources.device == Device::cpu || (resources.device == Device::automatic && announced_gpus() == 0);
    if (!on_cpu) return std::nullopt;
    return read_rates(cpu_speed_class(cpuinfo(), resources.threads_per_worker));
}

std::int64_t trial_bytes(const Trial& trial, const TrialSize& size) {
    const std::int64_t number = number_bytes(trial.training.precision);
    const std::int64_t rounded = trial.training.precision == Precision::bf16 ? 2 : 0;
    constexpr std::int64_t buffers = 5;  // values, gradients, two moments, best weights
    const auto parameters = std::int64_t(held_parameters(trial, size.decoder, size.task));
    // About 34 numbers per token, block and model width stay for the backward pass (Korthikanti et al. 2022, table 2, without dropout).
    const auto tokens = tokens_of_a_long_batch(trial, size.task);
    auto activations = 34 * tokens * size.decoder.d_model * std::max<std::int64_t>(trial.layers, 1);
    // Scores of the whole vocabulary, their softmax and its gradient.
    if (reads_whole_vocabulary(trial.mode, trial.training.loss))
        activations += 3 * (trial.training.loss == Loss::prompt ? tokens : trial.training.batch) * size.decoder.vocabulary;
    return (rounded + number * buffers) * parameters + number * activations + (std::int64_t{1} << 28);
}

std::int64_t workers_for(const SweepConfig& config, const Grid& grid, const std::vector<TrialSize>& sizes, const MachineLimits& limits) {
    if (config.run.workers) return *config.run.workers;
    std::int64_t widest = 1, largest = 1, threads = 1;
    bool cpu = limits.gpus == 0;
    for (std::size_t i = 0; i < grid.trials.size(); ++i) {
        const auto& trial = grid.trials[i];
        widest = std::max(widest, trial.resources.gang);
        threads = std::max(threads, trial.resources.threads_per_worker);
        largest = std::max(largest, trial_bytes(trial, sizes.at(i)));
        cpu = cpu || trial.resources.device == Device::cpu;
    }
    if (!cpu) return std::max(widest, limits.gpus);
    return std::max(widest, std::min(limits.cores / threads, limits.memory_bytes / largest));
}

}  // namespace layersweep
