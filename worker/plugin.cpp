#include "worker/plugin.hpp"

#include "worker/device/calibration.hpp"
#include "worker/parallel/factory.hpp"
#include "worker/training/trace.hpp"
#include "worker/worker.hpp"

namespace layersweep {

namespace {

void run(WorkerId self, WorkerTransport& transport, int local_worker, const ResourceSettings& resources, const Lifeline& lifeline) {
    WarmStore warm(WorkerDevice::open(resources.device, local_worker, resources.threads_per_worker));
    warm.know(rates_of(warm.device()));
    const auto collectives = collective_factory(warm.device());
    Worker(self, transport, *collectives, warm, lifeline).run();
}

std::string trace(const Trial& trial, const std::string& folder, std::optional<std::int64_t> steps) {
    WarmStore warm(WorkerDevice::open(trial.resources.device, 0, trial.resources.threads_per_worker));
    return trace_trial(trial, folder, steps, warm);
}

constexpr WorkerPlugin plugin{.run = run, .trace = trace};

}  // namespace

}  // namespace layersweep

extern "C" const layersweep::WorkerPlugin* layersweep_worker_plugin() {
    return &layersweep::plugin;
}
