#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/transport.hpp"
#include "protocol/trial.hpp"
#include "worker/lifeline.hpp"

namespace layersweep {

/// What the worker's shared library offers to the program. The program opens it only where a rank is a worker (or for `trace`), so that
/// plan, status, report and the coordinator never load LibTorch.
struct WorkerPlugin {
    /// One worker until the coordinator says Stop. `local_worker`: number among the workers of this node, which picks its GPU.
    void (*run)(WorkerId self, WorkerTransport& transport, int local_worker, const ResourceSettings& resources, const Lifeline& lifeline);
    /// Trains one trial alone and writes what it feeds the model into `folder` (checkpoint/ and trace.jsonl); returns a line for people.
    std::string (*trace)(const Trial& trial, const std::string& folder, std::optional<std::int64_t> steps);
};

using WorkerPluginEntry = const WorkerPlugin* (*)();
inline constexpr const char* worker_plugin_symbol = "layersweep_worker_plugin";

}  // namespace layersweep

extern "C" const layersweep::WorkerPlugin* layersweep_worker_plugin();
