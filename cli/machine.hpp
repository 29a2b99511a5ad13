#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/config/sweep_config.hpp"
#include "orchestrator/grid/grid.hpp"
#include "orchestrator/schedule/cost_model.hpp"
#include "protocol/machine_rates.hpp"

namespace layersweep {

/// What this machine lets us use, from affinity, cgroup and /proc.
struct MachineLimits {
    std::int64_t cores = 1;
    std::int64_t memory_bytes = 0;
    std::int64_t gpus = 0;  ///< visible to this process, without asking any driver library
};
[[nodiscard]] MachineLimits machine_limits();

/// The kind of processor that this host has: what decides the last bits of results on CPUs.
[[nodiscard]] std::string host_class();

/// What a worker of this host was measured to do, as far as a worker has measured it before; GPUs are measured by the workers that have
/// them, and not looked up here.
[[nodiscard]] std::optional<MachineRates> rates_here(const ResourceSettings& resources);

/// Workers to start for `resources.workers: auto`: one per GPU; on CPUs min(cores / threads, memory / largest trial), at least the widest
/// gang. A number in the sweep file is taken as it is.
[[nodiscard]] std::int64_t workers_for(const SweepConfig& config, const Grid& grid, const std::vector<TrialSize>& sizes,
                                       const MachineLimits& limits);

/// Bytes that a trial's weights, gradients, moments and best weights take, with an allowance for the activations of a long batch.
[[nodiscard]] std::int64_t trial_bytes(const Trial& trial, const TrialSize& size);

}  // namespace layersweep
